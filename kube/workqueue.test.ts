import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ManualClock } from './manual-clock.ts';
import { WorkQueue } from './workqueue.ts';

const plain = (): { clock: ManualClock; queue: WorkQueue } => {
  const clock = new ManualClock();
  return { clock, queue: new WorkQueue({ clock, baseDelayMs: 10, maxDelayMs: 1_000 }) };
};

describe('WorkQueue', () => {
  it('gives a key added twice to one worker, once', async () => {
    const { queue } = plain();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    assert.equal(queue.depth, 2);
    assert.equal(await queue.get(), 'a');
    assert.equal(await queue.get(), 'b');
    assert.equal(queue.depth, 0);
  });

  it('runs a key added meanwhile once more, after the run in progress', async () => {
    const { queue } = plain();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    assert.equal(queue.depth, 0);
    queue.done('a');
    assert.equal(await queue.get(), 'a');
    queue.done('a');
    assert.equal(queue.depth, 0);
  });

  it('hands a key to a worker that already waits', async () => {
    const { queue } = plain();
    const waiting = queue.get();
    queue.add('a');
    assert.equal(await waiting, 'a');
  });

  it('lets the earliest of several delays win', async () => {
    const { clock, queue } = plain();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(99);
    assert.equal(queue.depth, 0);
    await clock.advance(1);
    assert.equal(await queue.get(), 'a');
    queue.done('a');
    await clock.advance(2_000);
    assert.equal(queue.depth, 0);
  });

  it('comes back after a day when asked to wait longer than a timer can', async () => {
    const { clock, queue } = plain();
    queue.addAfter('a', 2 ** 40);
    await clock.advance(24 * 3_600_000);
    assert.equal(queue.depth, 1);
  });

  it('doubles the backoff up to its limit, and forgets it', async () => {
    const { clock, queue } = plain();
    for (const wantMs of [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]) {
      queue.addRateLimited('a');
      await clock.advance(wantMs - 1);
      assert.equal(queue.depth, 0, `before ${wantMs}`);
      await clock.advance(1);
      assert.equal(await queue.get(), 'a', `after ${wantMs}`);
      queue.done('a');
    }
    assert.equal(queue.retries('a'), 9);
    queue.forget('a');
    queue.addRateLimited('a');
    await clock.advance(10);
    assert.equal(queue.depth, 1);
  });

  it('answers nothing after a shutdown, to those who wait too', async () => {
    const { clock, queue } = plain();
    const waiting = queue.get();
    queue.addAfter('late', 10);
    queue.shutDown();
    queue.add('a');
    await clock.advance(100);
    assert.equal(await waiting, undefined);
    assert.equal(await queue.get(), undefined);
    assert.equal(queue.depth, 0);
  });

  it('an aborted wait loses no key', async () => {
    const { queue } = plain();
    const stop = new AbortController();
    const waiting = queue.get(stop.signal);
    stop.abort();
    queue.add('a');
    assert.equal(await waiting, undefined);
    assert.equal(await queue.get(), 'a');
  });

  it('never gives out a key twice at once, and runs every key after its last add', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.record({ act: fc.constantFrom('add', 'get', 'done'), key });
    const law = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue } = plain();
      const held = new Set<string>();
      const owed = new Set<string>();
      const take = async (): Promise<void> => {
        const got = await queue.get();
        assert.ok(got !== undefined && !held.has(got), `${got} given out twice`);
        held.add(got);
        owed.delete(got);
      };
      for (const { act, key } of steps) {
        if (act === 'add') {
          queue.add(key);
          owed.add(key);
        } else if (act === 'get' && queue.depth > 0) {
          await take();
        } else if (act === 'done' && held.delete(key)) {
          queue.done(key);
        }
      }
      for (const key of held) queue.done(key);
      held.clear();
      while (queue.depth > 0) await take();
      assert.deepEqual([...owed], []);
    });
    await fc.assert(law);
  });
});
