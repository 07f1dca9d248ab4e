import assert from 'node:assert/strict';
import { givenRegion, NOON } from '../../../given.ts';
import type { CachedRegion } from '../../../objects.ts';
import { linkReport } from './rows.ts';
import type { LinkReport } from './rows.ts';
import type { LinkEstimate } from './solve.ts';

const MINUTE = 60_000;
const LIFE = { heartbeatMs: 5 * MINUTE, staleMs: 10 * MINUTE };
const north = givenRegion('north', {
  topology: {
    links: ['south', 'west'].map((to) => ({ from: 'north', to, latency: '1ms', bandwidth: '1G' })),
  },
});
const estimate = (to: string, micros: number, agoMs = 0): LinkEstimate => ({
  region: 'north',
  from: 'north',
  to,
  declaredMicros: 1_000,
  micros,
  atMs: NOON - agoMs,
});
const said = ({ verdict }: LinkReport): string => `${verdict?.status} ${verdict?.reason} ${verdict?.message}`;
const both = [estimate('south', 5_000), estimate('west', 2_000)];
/** The region after a report is written. */
const written = (region: CachedRegion, { rows, verdict }: LinkReport): CachedRegion => ({
  ...region,
  status: {
    links: [...rows],
    conditions: verdict === undefined ? [] : [{ type: 'Measured', ...verdict, lastTransitionTime: '' }],
  },
});
const after = (estimates: readonly LinkEstimate[]): CachedRegion =>
  written(north, linkReport(north, estimates, [], NOON, LIFE));

describe('rows of measured links', () => {
  it('are written once measured, in the order of the spec', () => {
    const report = linkReport(north, both.toReversed(), [], NOON, LIFE);
    const at = '2026-11-23T12:00:00Z';
    assert.deepEqual(report.rows, [
      { from: 'north', to: 'south', measuredLatencyMicros: 5_000, at },
      { from: 'north', to: 'west', measuredLatencyMicros: 2_000, at },
    ]);
    assert.match(said(report), /^True Measured all 2/);
  });

  const steady: Record<string, { estimates: readonly LinkEstimate[]; laterMs: number; isWritten: boolean }> =
    {
      'a difference within 5 %': { estimates: [estimate('south', 5_250, -MINUTE), estimate('west', 2_000)], laterMs: MINUTE, isWritten: false }, // prettier-ignore
      'a larger one': { estimates: [estimate('south', 5_251, -MINUTE), estimate('west', 2_000)], laterMs: MINUTE, isWritten: true }, // prettier-ignore
      'nothing new before the heartbeat': { estimates: both, laterMs: LIFE.heartbeatMs, isWritten: false },
      'a heartbeat with something newer': { estimates: [estimate('south', 5_000, -LIFE.heartbeatMs)], laterMs: LIFE.heartbeatMs, isWritten: true }, // prettier-ignore
      'newer measurements before the heartbeat': { estimates: [estimate('south', 5_000, -LIFE.heartbeatMs + 1)], laterMs: LIFE.heartbeatMs - 1, isWritten: false }, // prettier-ignore
    };
  for (const [name, { estimates, laterMs, isWritten }] of Object.entries(steady)) {
    it(`are ${isWritten ? '' : 'not '}written anew for ${name}`, () => {
      const before = after(both);
      const report = linkReport(before, estimates, [], NOON + laterMs, LIFE);
      assert.equal(JSON.stringify(report.rows) !== JSON.stringify(before.status?.links), isWritten);
    });
  }

  it('keep their value at a heartbeat, so that the world stays as it is', () => {
    const { heartbeatMs } = LIFE;
    const later = [estimate('south', 5_100, -heartbeatMs), estimate('west', 2_000, -heartbeatMs)];
    const { rows } = linkReport(after(both), later, [], NOON + heartbeatMs, LIFE);
    assert.deepEqual(
      rows.map((row) => [row.measuredLatencyMicros, row.at]),
      [
        [5_000, '2026-11-23T12:05:00Z'],
        [2_000, '2026-11-23T12:05:00Z'],
      ],
    );
  });

  it('go when they are old, and the condition names them with what was measured last, and keeps saying so', () => {
    const last = linkReport(after(both), both, [], NOON + LIFE.staleMs, LIFE);
    assert.match(said(last), /^True Measured/);
    const nowMs = NOON + LIFE.staleMs + 1;
    const gone = linkReport(after(both), both, [], nowMs, LIFE);
    assert.deepEqual(gone.rows, []);
    assert.match(
      said(gone),
      /^False Stale .*north → south \(5000 us at 2026-11-23T12:00:00Z\), north → west/,
    );
    const then = written(north, gone);
    assert.deepEqual(linkReport(then, both, gone.lost, nowMs + MINUTE, LIFE), { ...gone, rows: [] });
    // A new process has only the status to go by.
    assert.equal(said(linkReport(then, [], [], nowMs, LIFE)), said(gone));
    const back = linkReport(then, [estimate('south', 4_000, -LIFE.staleMs)], gone.lost, nowMs, LIFE);
    assert.match(said(back), /^False Stale .*north → west/);
    assert.doesNotMatch(said(back), /north → south/);
  });

  it('are not there for what nobody measured, and the condition says what to do', () => {
    assert.match(said(linkReport(north, [], [], NOON, LIFE)), /^Unknown NotMeasured .*edgeloom prober/);
    const one = linkReport(north, [estimate('south', 5_000)], [], NOON, LIFE);
    assert.match(said(one), /^True PartlyMeasured 1 of 2 .*not north → west/);
    const other = linkReport(north, [{ ...estimate('south', 5_000), region: 'east' }], [], NOON, LIFE);
    assert.deepEqual(other.rows, []);
    assert.equal(linkReport(givenRegion('bare'), both, [], NOON, LIFE).verdict, undefined);
  });

  it('go with a link that is not declared any more, and with a time that is none', () => {
    const before = after(both);
    const fewer = { ...before, spec: givenRegion('north').spec };
    assert.deepEqual(linkReport(fewer, both, [], NOON, LIFE).rows, []);
    const links = [{ from: 'north', to: 'south', measuredLatencyMicros: 1, at: 'noon' }];
    assert.deepEqual(linkReport({ ...north, status: { links } }, [], [], NOON, LIFE).rows, []);
  });
});
