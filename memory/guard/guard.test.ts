import assert from 'node:assert/strict';
import { traceOf } from '#memory/test-traces.ts';
import { normal, uniform } from '#memory/store/clustered.ts';
import type { TraceStore } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { NO_CALIBRATION, observed, scaleOf } from './calibration.ts';
import { Guard } from './guard.ts';
import { fitLimits, scoreOf, shippedLimits } from './limits.ts';
import type { Known } from './limits.ts';
import { judgeOutcome } from './outcome.ts';
import { suspicionAfter, trustOf } from './suspicion.ts';

const anything = { agent: 'cbd-north', mayReport: (): boolean => true };
const reported = (realisedUtility: number, n = 1): Trace =>
  traceOf(n, { realisedUtility, source: 'observed' });

/** A store that only remembers what was put. */
function memory(): { store: TraceStore; put: Trace[] } {
  const put: Trace[] = [];
  const store = {
    put: (traces: readonly Trace[]) => {
      put.push(...traces);
      return Promise.resolve({ added: traces.length, known: 0, reembedded: 0 });
    },
  } as unknown as TraceStore;
  return { store, put };
}

/** Honest reports: little error where much is expected, and where little is, mostly for the worse. */
function honestStream(count: number, seed: number): Known[] {
  const next = uniform(seed);
  const gauss = normal(next);
  return Array.from({ length: count }, () => {
    const expected = -1.2 + 1.8 * next();
    const error = expected > 0.2 ? 0.02 * gauss() : 0.1 * gauss() - (next() < 0.1 ? next() : 0);
    return { expected, realised: Math.min(1, expected + error) };
  });
}

describe('conformal limits', () => {
  it('hold for as many new honest reports as they say, in each class, and differ by side', () => {
    const limits = fitLimits([honestStream(6000, 1), honestStream(6000, 2)], 0.01, 'made up');
    const fresh = honestStream(20_000, 3);
    const scores = fresh.map((known) => scoreOf(limits, known));
    for (const side of [1, -1]) {
      const outside = scores.filter((score) => side * score > 1).length / scores.length;
      // Nothing nearer than 0.05 is doubted, and errors in one class need not be alike.
      assert.ok(outside <= 0.013, `${outside} of side ${side}`);
    }
    const overloaded = limits.classes[3];
    assert.ok((overloaded?.below ?? 0) > 2 * (overloaded?.above ?? 1));
    assert.throws(() => fitLimits([[{ expected: 0.5, realised: 0.5 }]], 0.01, ''), /no report/);
  });

  it('are shipped with what they were measured on, and bound praise more tightly than bad news', () => {
    const { classes, edges, data, beyond } = shippedLimits();
    assert.equal(classes.length, edges.length + 1);
    assert.match(data, /S1, S2; 4 cities/);
    assert.equal(beyond, 0.005);
    for (const { below, above } of classes.slice(-6)) assert.ok(above < below);
  });
});

describe('the suspicion of a reporter', () => {
  it('grows with praise just below the limit, and wears off', () => {
    let suspicion = 0;
    for (let i = 0; i < 4; i++) suspicion = suspicionAfter(suspicion, 0.95);
    assert.equal(trustOf(suspicion), 1);
    for (let i = 0; i < 2; i++) suspicion = suspicionAfter(suspicion, 0.95);
    assert.ok(trustOf(suspicion) < 1);
    for (let i = 0; i < 10; i++) suspicion = suspicionAfter(suspicion, -1);
    assert.equal(suspicion, 0);
  });

  it('stays away from who errs both ways, and from who is lied about now and then', () => {
    const gauss = normal(uniform(5));
    let suspicion = 0;
    for (let i = 0; i < 2000; i++) {
      suspicion = suspicionAfter(suspicion, i % 10 === 0 ? 5 : 0.3 * gauss());
      assert.equal(trustOf(suspicion), 1);
    }
  });
});

describe('judgeOutcome', () => {
  const judged = (over: object, utility = 0.5): string =>
    judgeOutcome(reported(utility), {
      ...anything,
      expectedUtility: 0.5,
      calibration: NO_CALIBRATION,
      suspicion: 0,
      ...over,
    }).kind;
  it('refuses who did not authenticate, or reports on what is not theirs', () => {
    assert.equal(judged({ agent: undefined }), 'refuse');
    assert.equal(judged({ mayReport: (t: Trace) => t.region === 'region-9' }), 'refuse');
    assert.equal(judged({}), 'admit');
  });

  it('quarantines what contradicts the world model, better or worse', () => {
    assert.equal(judged({}, 0.95), 'quarantine');
    assert.equal(judged({}, 0.05), 'quarantine');
    assert.equal(judged({ expectedUtility: 0.52 }, 0.55), 'admit');
    assert.equal(judged({ suspicion: 3 }, 0.54), 'quarantine');
    assert.equal(judged({ suspicion: 3 }, 0.46), 'admit');
    // Overload that the model sees late is no lie.
    assert.equal(judged({ expectedUtility: 0.28 }, -0.5), 'admit');
  });

  it('believes our expectation, not the prediction in the report', () => {
    const forged = traceOf(1, { realisedUtility: 0.99, predictedUtility: 0.99 });
    const evidence = { ...anything, expectedUtility: 0.4, calibration: NO_CALIBRATION, suspicion: 0 };
    assert.equal(judgeOutcome(forged, evidence).kind, 'quarantine');
  });
});

describe('the scale of errors', () => {
  it('follows a model that is worse here, and hardly a tenth of poison', () => {
    const gauss = normal(uniform(3));
    let usual = NO_CALIBRATION;
    let worse = NO_CALIBRATION;
    let poisoned = NO_CALIBRATION;
    for (let i = 0; i < 900; i++) {
      const score = 0.3 * gauss();
      usual = observed(usual, score);
      worse = observed(worse, 1.6 * score);
      poisoned = observed(poisoned, i % 10 === 0 ? 9 : score);
    }
    const typical = 0.3 * 0.6745;
    assert.ok(scaleOf(usual, typical) < 1.1);
    assert.ok(Math.abs(scaleOf(worse, typical) - 1.6) < 0.15);
    assert.ok(scaleOf(poisoned, typical) < 1.25);
    assert.equal(scaleOf(observed(NO_CALIBRATION, 9), typical), 1);
    assert.equal(scaleOf({ scores: Array.from({ length: 50 }, () => 9) }, typical), 2);
    assert.ok(usual.scores.length <= 1000);
  });
});

describe('the guard', () => {
  it('finds a tenth of poisoned reports: recall at least 0.95, precision at least 0.85', async () => {
    const next = uniform(11);
    const gauss = normal(next);
    const { store, put } = memory();
    const limits = fitLimits([honestStream(6000, 1)], 0.005, 'made up');
    const guard = new Guard(store, { limits });
    let found = 0;
    let accused = 0;
    let poisonedCount = 0;
    for (let n = 0; n < 1500; n++) {
      const expectedUtility = 0.25 + 0.6 * next();
      // A poisoned report praises a bad placement or damns a good one, by 0.1 to 0.5.
      const poisoned = next() < 0.1;
      const lie = (next() < 0.5 ? -1 : 1) * (0.1 + 0.4 * next());
      const utility = Math.min(1, expectedUtility + (poisoned ? lie : 0.02 * gauss()));
      const { kind } = await guard.report(reported(utility, n), { ...anything, expectedUtility });
      if (n < 100) continue;
      if (poisoned) poisonedCount++;
      if (kind === 'quarantine') accused++;
      if (kind === 'quarantine' && poisoned) found++;
    }
    assert.ok(found / poisonedCount >= 0.95, `recall ${found / poisonedCount}`);
    assert.ok(found / accused >= 0.85, `precision ${found / accused}`);
    const aside = new Set(guard.quarantined.map((q) => q.trace.id));
    assert.ok(put.every((t) => !aside.has(t.id)));
  });

  it('releases what a person has looked at', async () => {
    const { store, put } = memory();
    const guard = new Guard(store);
    const odd = reported(0.99);
    await guard.report(odd, { ...anything, expectedUtility: 0.2 });
    assert.match(guard.quarantined[0]?.reason ?? '', /0\.990 where .* expects 0\.200: .* times as far above/);
    assert.equal(await guard.release('nothing'), false);
    assert.equal(await guard.release(odd.id), true);
    assert.deepEqual([put.length, guard.quarantined.length], [1, 0]);
  });

  it('releases bad news that two others bear out who ran on most of the same machines, and no praise', async () => {
    const tell = async (
      guard: Guard,
      n: number,
      tenant: string,
      realisedUtility: number,
      over: object = {},
    ): Promise<string> => {
      const { map } = traceOf(1);
      const trace = traceOf(n, {
        tenant,
        realisedUtility,
        map,
        dag: traceOf(1).dag,
        createdMs: 5000,
        source: 'observed',
        ...over,
      });
      const { kind } = await guard.report(trace, {
        ...anything,
        agent: `agent of ${tenant}`,
        expectedUtility: 0.5,
      });
      return kind;
    };
    const { below } = shippedLimits().classes.at(-1) ?? { below: NaN };
    const [far, near] = [0.5 - 1.3 * below, 0.5 - 0.8 * below];
    const { store, put } = memory();
    const guard = new Guard(store);
    assert.equal(await tell(guard, 1, 'a', far), 'quarantine');
    assert.equal(await tell(guard, 2, 'a', near), 'admit');
    assert.equal(await tell(guard, 3, 'b', near), 'admit');
    assert.equal(await tell(guard, 4, 'c', near, { createdMs: 60_000 }), 'admit');
    assert.equal(guard.quarantined.length, 1, 'one tenant is not two, and another time is no evidence');
    assert.equal(await tell(guard, 5, 'c', near), 'admit');
    assert.deepEqual([guard.quarantined.length, put.length], [0, 5]);
    for (const [n, tenant] of ['a', 'b', 'c', 'd'].entries())
      assert.equal(await tell(guard, 10 + n, tenant, 0.9), 'quarantine');
    assert.equal(guard.quarantined.length, 4);
  });
});
