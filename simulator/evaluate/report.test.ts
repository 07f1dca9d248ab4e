import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import { compareAll, turned } from './comparisons.ts';
import { runsCsv } from './csv.ts';
import { Progress, duration } from './progress.ts';
import { summarise } from './summary.ts';
import { comparisonTables, markdown, resultTables } from './tables.ts';
import { jobOf, resultOf } from './test-runs.ts';

const results = [0, 1, 2].flatMap((replication) => [
  resultOf(jobOf({ orchestrator: 'slow', replication }), [4000 + replication, 8000], 2),
  resultOf(jobOf({ orchestrator: 'greedy', replication }), [1000 + 2 * replication, 2000], 1),
]);

describe('a summary', () => {
  const [slow, greedy, ...more] = summarise(results);

  it('has one row per scenario and orchestrator', () => {
    assert.deepEqual([slow?.orchestrator, greedy?.orchestrator, more], ['slow', 'greedy', []]);
    assert.equal(greedy?.replications, 3);
    assert.equal(greedy.requests, 6);
  });

  it('holds what the runs say', () => {
    assert.equal(greedy?.latency.mean.value, 1501);
    assert.equal(greedy.violations.value, 0.5);
    assert.equal(slow?.violations.value, 1);
    assert.equal(greedy.moves.value, 2);
    // Down at the end of the fifth second, good again from the tenth.
    assert.deepEqual(greedy.recovery, { disturbances: 3, meanMicros: 4_000_000, unrecovered: 0 });
    assert.equal(greedy.planMillis.first, 10);
    assert.equal(greedy.planMillis.mean, 2);
    // One tenant keeps half of its targets, the other all: (1.5)^2 / (2 x 1.25).
    assert.equal(greedy.tenantFairness, 0.9);
  });

  it('has intervals that hold their values, and none for one run', () => {
    const { value, interval } = greedy?.latency.mean ?? { value: NaN };
    assert.ok(interval && interval.low <= value && value <= interval.high);
    assert.equal(summarise(results.slice(0, 1))[0]?.latency.mean.interval, undefined);
  });

  it('keeps scenarios of unlike digests apart', () => {
    const other = resultOf(jobOf({ scenarioDigest: 'b'.repeat(64), orchestrator: 'slow' }));
    assert.equal(summarise([...results, other]).length, 3);
  });
});

describe('comparisons', () => {
  it('pair replications, not positions', () => {
    const shuffled = [...results].reverse();
    const of = (list: typeof results): number | undefined =>
      compareAll(list).find((row) => row.orchestrator === 'greedy' && row.measure === 'latency.mean')
        ?.difference;
    assert.equal(of(results), -4499.5);
    const back = compareAll(shuffled).find(({ measure }) => measure === 'latency.mean');
    assert.equal(back === undefined ? undefined : turned(back).difference, -4499.5);
  });

  it('leave out what only one side has', () => {
    const rows = compareAll(results.filter((r) => r.replication < 2 || r.orchestrator === 'slow'));
    assert.deepEqual([...new Set(rows.map(({ pairs }) => pairs))], [2]);
  });
});

describe('tables', () => {
  it('have as many cells in a row as in the head, in both looks', () => {
    const tables = [...resultTables(summarise(results)), ...comparisonTables(compareAll(results), 'slow')];
    assert.equal(tables.length, 2);
    for (const table of tables) {
      for (const row of table.rows) assert.equal(row.length, table.head.length);
      const bars = markdown(table)
        .split('\n')
        .filter((line) => line.startsWith('|'));
      for (const line of bars) assert.equal(line.split('|').length, table.head.length + 2);
    }
  });
});

describe('the CSV', () => {
  it('reads back', () => {
    const odd = resultOf(jobOf({ scenario: 'a "b", c' }));
    const rows = parse<Record<string, string>>(runsCsv([...results, odd]), { columns: true });
    assert.equal(rows.length, 7);
    assert.equal(rows[6]?.['scenario'], 'a "b", c');
    assert.equal(rows[1]?.['latency_mean_us'], '1500');
    assert.equal(rows[1]?.['violated'], '1');
  });
});

describe('progress', () => {
  it('counts running runs by their share', () => {
    const progress = new Progress(4);
    progress.update('a', 0.5, 1_000_000);
    progress.update('b', 0.5, 1_000_000);
    progress.end('a', 2_000_000);
    assert.equal(progress.share, 0.375);
    assert.equal(progress.line(3000), '38 %, 1 of 4 runs, 1.0 M events/s, 5 s left');
  });

  it('says durations as people do', () =>
    assert.deepEqual([900, 65_000, 4_200_000].map(duration), ['1 s', '1 min 05 s', '1 h 10 min']));
});
