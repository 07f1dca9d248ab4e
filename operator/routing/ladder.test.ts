import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { AT_THE_BOTTOM, climb, DEADLINE_MS, DWELL_MS, LADDER, PATIENCE_MS, standingAt } from './ladder.ts';
import type { Mechanism, Standing, Verdict } from './ladder.ts';

const yes: Verdict = { kind: 'accepted' };
const no: Verdict = { kind: 'rejected', reason: 'NotAllowedByListeners', message: 'not from this namespace' };
const soon: Verdict = { kind: 'pending', reason: 'NoAnswer', message: 'no controller has answered' };
const none: Verdict = { kind: 'absent', reason: 'NoGateway', message: 'no Gateway is there' };
const base = { EndpointSubset: yes, Uniform: yes };

type Verdicts = Partial<Record<Mechanism, Verdict>>;
const sight = (verdicts: Verdicts, nowMs: number, asked: Mechanism | 'Auto' = 'Auto') => ({
  asked,
  nowMs,
  verdicts: new Map(Object.entries({ ...base, ...verdicts })) as Map<Mechanism, Verdict>,
});

/** The mechanisms after each look, and whether the last one is degraded. */
function story(
  looks: readonly (readonly [number, Verdicts])[],
  asked: Mechanism | 'Auto' = 'Auto',
  from = AT_THE_BOTTOM,
) {
  let standing: Standing = from;
  let last = climb(standing, sight({}, -1, asked));
  const used = looks.map(([nowMs, verdicts]) => {
    last = climb(standing, sight(verdicts, nowMs, asked));
    ({ standing } = last);
    return standing.mechanism;
  });
  return { used, degraded: last.degraded, againMs: last.againMs, standing };
}

describe('the ladder', () => {
  it('takes the best that accepts, not what could be there', () => {
    assert.deepEqual(story([[0, { Mesh: none, Gateway: yes }]]).used, ['Gateway']);
    assert.deepEqual(story([[0, { Mesh: yes, Gateway: yes }]]).used, ['Mesh']);
    assert.deepEqual(story([[0, { Gateway: none }]]).used, ['EndpointSubset']);
  });

  it('waits a moment for an answer before it takes something less', () => {
    const { used, degraded } = story([
      [0, { Gateway: soon }],
      [PATIENCE_MS - 1, { Gateway: soon }],
      [PATIENCE_MS, { Gateway: soon }],
      [60_000, { Gateway: yes }],
    ]);
    assert.deepEqual(used, ['Uniform', 'Uniform', 'EndpointSubset', 'Gateway']);
    assert.equal(degraded, undefined);
    assert.equal(story([[0, { Gateway: soon }]]).againMs, PATIENCE_MS);
  });

  it('does not mind a mesh that never answers while a gateway does', () => {
    const looks: [number, Verdicts][] = [0, PATIENCE_MS, 60_000].map((t) => [
      t,
      { Mesh: soon, Gateway: yes },
    ]);
    assert.deepEqual(story(looks).used, ['Uniform', 'Gateway', 'Gateway']);
  });

  it('comes down at once from one that refuses, says so, and goes up again once it has held', () => {
    const { used, degraded } = story([
      [0, { Gateway: yes }],
      [1_000, { Gateway: no }],
      [2_000, { Gateway: yes }],
      [2_000 + DWELL_MS - 1, { Gateway: yes }],
    ]);
    assert.deepEqual(used, ['Gateway', 'EndpointSubset', 'EndpointSubset', 'EndpointSubset']);
    assert.match(degraded?.message ?? '', /Gateway works again/);
    const up = story([[0, { Gateway: yes }], [1_000, { Gateway: no }], [2_000, { Gateway: yes }], [2_000 + DWELL_MS, { Gateway: yes }]]); // prettier-ignore
    assert.equal(up.used.at(-1), 'Gateway');
    assert.equal(up.degraded, undefined);
  });

  it('gives one in use that falls silent until the deadline, well under 10 s', () => {
    const { used, degraded } = story([
      [0, { Gateway: yes }],
      [1_000, { Gateway: soon }],
      [1_000 + DEADLINE_MS - 1, { Gateway: soon }],
      [1_000 + DEADLINE_MS, { Gateway: soon }],
    ]);
    assert.deepEqual(used, ['Gateway', 'Gateway', 'Gateway', 'EndpointSubset']);
    assert.equal(degraded?.mechanism, 'Gateway');
    assert.ok(DEADLINE_MS < 10_000);
  });

  it('is not driven up and down by one that cannot make up its mind', () => {
    const looks = Array.from({ length: 600 }, (_, i): [number, Verdicts] => [
      i * 1_000,
      { Gateway: i % 15 < 12 ? yes : no },
    ]);
    const { used } = story(looks);
    const changes = used.filter((m, i) => i > 0 && m !== used[i - 1]).length;
    assert.ok(changes <= 6, `${changes} changes in ten minutes`);
  });

  it('says that what was asked for is not there, and uses what comes next', () => {
    const { used, degraded } = story([[0, { Mesh: no, Gateway: yes }]], 'Mesh');
    assert.deepEqual(used, ['Gateway']);
    assert.match(degraded?.message ?? '', /Mesh: NotAllowedByListeners/);
    assert.deepEqual(story([[0, { Gateway: yes }]], 'Uniform').used, ['Uniform']);
    assert.deepEqual(story([[0, { Gateway: yes }]], 'EndpointSubset').used, ['EndpointSubset']);
  });

  it('remembers across a restart what it used and what it had lost', () => {
    const used = story([[0, { Gateway: soon }], [DEADLINE_MS, { Gateway: soon }]], 'Auto', standingAt('Gateway', false, 0)); // prettier-ignore
    assert.deepEqual(used.used, ['Gateway', 'EndpointSubset']);
    const lost = story([[0, { Gateway: none }]], 'Auto', standingAt('EndpointSubset', true, 0));
    assert.equal(lost.degraded?.mechanism, 'Gateway');
  });

  it('never uses what refuses or is absent, and settles on the best that always accepts', () => {
    const kinds = fc.constantFrom(yes, no, soon, none);
    const looks = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 8_000 }), fc.record({ Mesh: kinds, Xds: kinds, Gateway: kinds })),
    );
    fc.assert(
      fc.property(looks, fc.constantFrom('Auto' as const, ...LADDER), (list, asked) => {
        let standing = AT_THE_BOTTOM;
        let nowMs = 0;
        for (const [afterMs, verdicts] of list) {
          nowMs += afterMs;
          ({ standing } = climb(standing, sight(verdicts, nowMs, asked)));
          const verdict = sight(verdicts, nowMs).verdicts.get(standing.mechanism);
          assert.ok(verdict?.kind === 'accepted' || verdict?.kind === 'pending');
        }
        for (let i = 1; i <= 80; i++)
          ({ standing } = climb(
            standing,
            sight({ Mesh: no, Xds: none, Gateway: yes }, nowMs + i * 10_000, asked),
          ));
        const best = asked === 'Uniform' || asked === 'EndpointSubset' ? asked : 'Gateway';
        assert.equal(standing.mechanism, best);
      }),
    );
  });
});
