import assert from 'node:assert/strict';
import { traceOf } from '#memory/test-traces.ts';
import { normal, uniform } from '#memory/store/clustered.ts';
import type { TraceStore } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { NO_CALIBRATION, calibratedError, observed } from './calibration.ts';
import { Guard } from './guard.ts';
import { GUARD_SETTINGS, judgeOutcome } from './outcome.ts';

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

describe('judgeOutcome', () => {
  const judged = (over: object, utility = 0.5): string =>
    judgeOutcome(reported(utility), {
      ...anything,
      expectedUtility: 0.5,
      calibration: NO_CALIBRATION,
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
    assert.equal(judged({ expectedUtility: 0.9 }, 0.95), 'admit');
  });

  it('believes our expectation, not the prediction in the report', () => {
    const forged = traceOf(1, { realisedUtility: 0.99, predictedUtility: 0.99 });
    const evidence = { ...anything, expectedUtility: 0.4, calibration: NO_CALIBRATION };
    assert.equal(judgeOutcome(forged, evidence).kind, 'quarantine');
  });
});

describe('the calibrated error', () => {
  const { factor, fallbackError } = GUARD_SETTINGS;
  it('follows the errors, and hardly a tenth of poison', () => {
    const gauss = normal(uniform(3));
    let clean = NO_CALIBRATION;
    let poisoned = NO_CALIBRATION;
    for (let i = 0; i < 900; i++) {
      const error = 0.03 * gauss();
      clean = observed(clean, error);
      poisoned = observed(poisoned, i % 10 === 0 ? 0.9 : error);
    }
    const limit = calibratedError(clean, factor, fallbackError);
    assert.ok(Math.abs(limit - 2.58 * 0.03) < 0.012, String(limit));
    assert.ok(calibratedError(poisoned, factor, fallbackError) < 1.3 * limit);
    assert.equal(calibratedError(NO_CALIBRATION, factor, fallbackError), fallbackError);
    assert.ok(clean.errors.length <= 1000);
  });
});

describe('the guard', () => {
  it('finds a tenth of poisoned reports: recall at least 0.95, precision at least 0.85', async () => {
    const next = uniform(11);
    const gauss = normal(next);
    const { store, put } = memory();
    const guard = new Guard(store);
    let found = 0;
    let accused = 0;
    let poisonedCount = 0;
    for (let n = 0; n < 1500; n++) {
      const expectedUtility = 0.2 + 0.6 * next();
      // A poisoned report praises a bad placement or damns a good one, by 0.1 to 0.5.
      const poisoned = next() < 0.1;
      const lie = (next() < 0.5 ? -1 : 1) * (0.1 + 0.4 * next());
      const utility = Math.min(1, expectedUtility + (poisoned ? lie : 0.025 * gauss()));
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
    assert.match(guard.quarantined[0]?.reason ?? '', /0\.790 apart/);
    assert.equal(await guard.release('nothing'), false);
    assert.equal(await guard.release(odd.id), true);
    assert.deepEqual([put.length, guard.quarantined.length], [1, 0]);
  });
});
