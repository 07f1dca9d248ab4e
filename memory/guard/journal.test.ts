import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { traceOf } from '#memory/test-traces.ts';
import type { TraceStore } from '#memory/store/trace-store.ts';
import { Guard } from './guard.ts';
import { Journal } from './journal.ts';

describe('the journal of a guard', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'edgeloom-guard-'))));
  after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const put: string[] = [];
  const store = {
    put: (traces: readonly { id: string }[]) => {
      put.push(...traces.map((t) => t.id));
      return Promise.resolve({ added: traces.length, known: 0, reembedded: 0 });
    },
  } as unknown as TraceStore;
  const evidence = { agent: 'a', mayReport: (): boolean => true, expectedUtility: 0.5 };
  const odd = traceOf(1, { realisedUtility: 0.99, source: 'observed' });
  const guardAt = (path: string): Guard => new Guard(store, { journal: new Journal(path) });

  it('makes the calibration and the quarantine survive a restart', async () => {
    const first = guardAt(at('a.jsonl'));
    for (let n = 0; n < 40; n++)
      await first.report(traceOf(n + 10, { realisedUtility: 0.51, source: 'observed' }), evidence);
    const { kind } = await first.report(odd, evidence);
    assert.equal(kind, 'quarantine');
    const second = guardAt(at('a.jsonl'));
    assert.deepEqual(
      second.quarantined.map((q) => q.trace.id),
      [odd.id],
    );
    const { calibrations, suspicions } = new Journal(at('a.jsonl')).state;
    assert.equal(calibrations.get('observed Immersive')?.scores.length, 41);
    assert.deepEqual([...suspicions.values()], [0.5]);
    assert.equal(await second.release(odd.id), true);
    assert.ok(put.includes(odd.id));
    assert.equal(guardAt(at('a.jsonl')).quarantined.length, 0);
  });

  it('counts a report once that is told twice', async () => {
    const guard = guardAt(at('twice.jsonl'));
    await guard.report(odd, evidence);
    await guard.report(odd, evidence);
    assert.equal(readFileSync(at('twice.jsonl'), 'utf8').trim().split('\n').length, 3);
    assert.equal(guard.quarantined.length, 1);
  });

  it('reads what versions wrote that kept errors', () => {
    writeFileSync(at('old.jsonl'), '{"kind":"error","of":"observed Twin","error":0.1}\n');
    assert.equal(new Journal(at('old.jsonl')).state.size, 0);
  });

  it('leaves out the line that a crash cut short, and refuses any other it cannot read', async () => {
    await guardAt(at('torn.jsonl')).report(odd, evidence);
    appendFileSync(at('torn.jsonl'), '{"kind":"quarantine","reason":"x","tra');
    assert.equal(guardAt(at('torn.jsonl')).quarantined.length, 1);
    assert.ok(readFileSync(at('torn.jsonl'), 'utf8').endsWith('}\n'));
    writeFileSync(at('bad.jsonl'), '{"kind":"error","of":"observed Twin","error":0.1}\n{"kind":"error"}\n');
    assert.throws(
      () => new Journal(at('bad.jsonl')),
      /bad\.jsonl: line 2 of the guard's journal cannot be read/,
    );
  });

  it('stays small however long it is written to', async () => {
    const journal = new Journal(at('long.jsonl'));
    const entries = Array.from({ length: 4000 }, () => ({
      kind: 'score' as const,
      of: 'observed Twin',
      score: 0.1,
    }));
    await journal.append(entries);
    assert.equal(new Journal(at('long.jsonl')).state.calibrations.get('observed Twin')?.scores.length, 1000);
    assert.equal(readFileSync(at('long.jsonl'), 'utf8').trim().split('\n').length, 1000);
  });
});
