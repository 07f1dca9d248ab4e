import assert from 'node:assert/strict';
import { Controller, type ControllerOptions, type ReconcileContext } from './controller.ts';
import { LeaseLost } from './lease-lost.ts';
import { silentLog } from './log.ts';
import { ManualClock } from './manual-clock.ts';
import { Stalled, Waiting } from './outcome.ts';

type Reconcile = ControllerOptions['reconcile'];

interface Bench {
  clock: ManualClock;
  controller: Controller;
  stop: AbortController;
  running: Promise<void>;
  /** The times at which reconciles started. */
  runs: number[];
}

const begin = (reconcile: Reconcile, over: Partial<ControllerOptions> = {}): Bench => {
  const clock = new ManualClock();
  const runs: number[] = [];
  const counted: Reconcile = (key, context) => {
    runs.push(clock.now());
    return reconcile(key, context);
  };
  const controller = new Controller({ name: 'test', reconcile: counted, log: silentLog, clock, ...over });
  const stop = new AbortController();
  return { clock, controller, stop, running: controller.run(stop.signal), runs };
};

const untilAborted = ({ signal }: ReconcileContext): Promise<void> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('Controller', () => {
  const once = (error: unknown): Reconcile => {
    let thrown = false;
    return async () => {
      if (thrown) return;
      thrown = true;
      throw error;
    };
  };
  const sync: Reconcile = () => {
    throw new Error('not even a promise');
  };
  const cases: Record<string, { reconcile: Reconcile; want: number[] }> = {
    'a success does not come back': { reconcile: async () => undefined, want: [0] },
    'a stalled key waits for an edit': { reconcile: once(new Stalled('Bad', 'bad')), want: [0] },
    'a waiting key comes back at its time': { reconcile: once(new Waiting('Soon', 70, 'x')), want: [0, 70] },
    'anything else backs off': { reconcile: once(new Error('x')), want: [0, 5] },
    'a synchronous throw is caught and backs off': { reconcile: sync, want: [0, 5, 15, 35, 75] },
    'even undefined thrown is a failure': { reconcile: once(undefined), want: [0, 5] },
  };
  for (const [name, { reconcile, want }] of Object.entries(cases)) {
    it(name, async () => {
      const { clock, controller, stop, running, runs } = begin(reconcile);
      controller.queue.add('a');
      await clock.advance(100);
      assert.deepEqual(runs, want);
      stop.abort();
      await running;
    });
  }

  it('starts the backoff anew after a success', async () => {
    let calls = 0;
    const odd: Reconcile = async () => {
      calls += 1;
      if (calls % 2 === 1) throw new Error('every other time');
    };
    const { clock, controller, stop, running } = begin(odd);
    for (let round = 0; round < 4; round++) {
      controller.queue.add('a');
      await clock.advance(5);
      assert.equal(controller.queue.retries('a'), 0);
    }
    stop.abort();
    await running;
  });

  it('aborts a reconcile at its deadline and tries again', async () => {
    const { clock, controller, stop, running, runs } = begin((_key, context) => untilAborted(context), {
      deadlineMs: 100,
    });
    controller.queue.add('a');
    await clock.advance(120);
    assert.deepEqual(runs, [0, 105]);
    stop.abort(new LeaseLost('test'));
    await clock.advance(0);
    await running;
  });

  it('goes on with other keys when a reconcile never ends, and leaves that key alone', async () => {
    const seen: string[] = [];
    const reconcile: Reconcile = (key) => {
      seen.push(key);
      return key === 'deaf' ? new Promise(() => undefined) : Promise.resolve();
    };
    const { clock, controller, stop, running } = begin(reconcile, { workers: 1, deadlineMs: 100 });
    controller.queue.add('deaf');
    controller.queue.add('a');
    await clock.advance(1_000);
    assert.deepEqual(seen, ['deaf']);
    controller.queue.add('deaf');
    await clock.advance(10_000);
    assert.deepEqual(seen, ['deaf', 'a']);
    stop.abort();
    await clock.advance(20_000);
    await running;
  });

  it('lets running reconciles finish on a stop, and starts no other', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let aborted = false;
    const { clock, controller, stop, running, runs } = begin(
      async (_key, { signal }) => {
        await promise;
        aborted = signal.aborted;
      },
      { workers: 1 },
    );
    controller.queue.add('a');
    controller.queue.add('b');
    await clock.advance(0);
    stop.abort();
    await clock.advance(3_000);
    resolve();
    await running;
    assert.equal(aborted, false);
    assert.equal(runs.length, 1);
  });

  it('aborts what has not finished when the drain is over, and ends even if it goes on', async () => {
    let aborted = false;
    const { clock, controller, stop, running } = begin((_key, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    });
    controller.queue.add('a');
    await clock.advance(0);
    stop.abort();
    await clock.advance(3_999);
    assert.equal(aborted, false);
    await clock.advance(1);
    assert.equal(aborted, true);
    await clock.advance(4_000);
    await running;
  });

  it('aborts running reconciles at once when the lease is lost', async () => {
    const { clock, controller, stop, running } = begin((_key, context) => untilAborted(context));
    controller.queue.add('a');
    await clock.advance(0);
    stop.abort(new LeaseLost('test'));
    await running; // without any time passing
  });

  it('brings every key back each resync period', async () => {
    const { clock, stop, running, runs } = begin(async () => undefined, {
      resyncMs: 1_000,
      keys: () => ['a'],
    });
    await clock.advance(3_100);
    assert.deepEqual(runs, [1_050, 2_050, 3_050]);
    stop.abort();
    await running;
  });

  it('works on no more keys at once than it has workers, and never twice on one', async () => {
    const busy = new Set<string>();
    let most = 0;
    const { clock, controller, stop, running } = begin(
      async (key) => {
        assert.ok(!busy.has(key));
        busy.add(key);
        most = Math.max(most, busy.size);
        await clock.sleep(10);
        busy.delete(key);
      },
      { workers: 3 },
    );
    for (let i = 0; i < 40; i++) controller.queue.add(`key-${i % 8}`);
    await clock.advance(5);
    for (let i = 0; i < 8; i++) controller.queue.add(`key-${i}`);
    await clock.advance(200);
    assert.equal(most, 3);
    stop.abort();
    await running;
  });
});
