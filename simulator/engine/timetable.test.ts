import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Timetable } from './timetable.ts';

describe('timetable', () => {
  it('gives the first gap that is long enough, and no two transfers the same time', () => {
    const transfer = fc.record({
      pause: fc.nat(20),
      ahead: fc.nat(60),
      length: fc.integer({ min: 1, max: 15 }),
      gives: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(transfer, { maxLength: 120 }), (transfers) => {
        const table = new Timetable();
        const taken: [number, number][] = [];
        let now = 0;
        for (const { pause, ahead, length, gives } of transfers) {
          now += pause;
          const from = now + ahead;
          const free = (start: number): boolean =>
            taken.every(([begin, end]) => end <= start || begin >= start + length);
          let first = from;
          while (!free(first)) first++;
          assert.equal(table.find(now, from, length), first);
          if (!gives) continue;
          table.take(first, first + length);
          taken.push([first, first + length]);
        }
        const inside = table.taken.reduce((sum, [begin, end]) => sum + end - begin, 0);
        const future = taken.filter(([, end]) => end > now).length;
        assert.ok(table.taken.length <= Math.max(taken.length, future));
        assert.ok(inside <= taken.reduce((sum, [begin, end]) => sum + end - begin, 0));
      }),
    );
  });

  it('keeps a saturated link as one entry', () => {
    const table = new Timetable();
    for (let i = 0; i < 1000; i++) table.take(table.find(0, 0, 5), 5 * (i + 1));
    assert.deepEqual(table.taken, [[0, 5000]]);
  });
});
