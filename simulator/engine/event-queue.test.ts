import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EventQueue } from './event-queue.ts';

describe('event queue', () => {
  it('gives events back by time, then rank, then order of scheduling, also while more come', () => {
    const event = fc.record({ after: fc.nat(5), rank: fc.nat(3), pops: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const queue = new EventQueue(1);
        const waiting: { time: number; rank: number; what: number; key: number }[] = [];
        const check = (): void => {
          waiting.sort((a, b) => a.time - b.time || a.rank - b.rank || a.what - b.what);
          const first = waiting.shift();
          assert.equal(queue.next, first?.time ?? Infinity);
          assert.equal(queue.pop(), first !== undefined);
          if (first !== undefined) {
            const { time, rank, what, key } = queue;
            assert.deepEqual({ time, rank, what, key }, first);
          }
          assert.equal(queue.size, waiting.length);
        };
        let now = 0;
        for (const [what, { after, rank, pops }] of events.entries()) {
          const time = now + after;
          waiting.push({ time, rank, what, key: queue.schedule(time, rank, what) });
          for (let i = 0; i < pops; i++) check();
          now = Math.max(now, queue.time);
        }
        while (waiting.length > 0) check();
        check();
      }),
    );
  });
});
