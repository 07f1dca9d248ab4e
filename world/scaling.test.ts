import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wantedReplicas } from './scaling.ts';
import type { Load } from './scaling.ts';

const given = (over: Partial<Load>): Load => ({ erlangs: 0, current: 1, min: 1, max: 10, room: 10, ...over });

describe('wantedReplicas', () => {
  const cases = {
    'no load needs the least': [given({ min: 2 }), 2],
    'a replica may be 60 % busy': [given({ erlangs: 0.6 }), 1],
    'above that there are two': [given({ erlangs: 0.61 }), 2],
    'ten times the load needs ten times the replicas': [given({ erlangs: 6 }), 10],
    'never more than the most': [given({ erlangs: 60 }), 10],
    'never more than there is room for': [given({ erlangs: 6, room: 4 }), 4],
    'the least counts whatever the room': [given({ min: 3, room: 1 }), 3],
    'three stay while two would be more than 45 % busy': [given({ erlangs: 1, current: 3 }), 3],
    'and go when two would not be': [given({ erlangs: 0.9, current: 3 }), 2],
    'a sudden silence needs no steps': [given({ current: 10 }), 1],
  } as const;
  for (const [name, [load, want]] of Object.entries(cases))
    it(name, () => assert.equal(wantedReplicas(load), want));

  const loads = fc.record({
    erlangs: fc.double({ min: 0, max: 30, noNaN: true }),
    current: fc.integer({ min: 1, max: 20 }),
    min: fc.integer({ min: 1, max: 5 }),
    max: fc.integer({ min: 5, max: 20 }),
    room: fc.integer({ min: 0, max: 30 }),
  });

  it('grows with the load, with what runs and with the room, and keeps the limits', () => {
    fc.assert(
      fc.property(loads, fc.double({ min: 0, max: 5, noNaN: true }), fc.nat(5), (load, more, also) => {
        const wanted = wantedReplicas(load);
        assert.ok(wanted >= load.min && wanted <= Math.max(load.min, Math.min(load.max, load.room)));
        assert.ok(wantedReplicas({ ...load, erlangs: load.erlangs + more }) >= wanted);
        assert.ok(wantedReplicas({ ...load, current: load.current + also }) >= wanted);
        assert.ok(wantedReplicas({ ...load, room: load.room + also }) >= wanted);
      }),
    );
  });

  it('stays where it is once it has answered: the same load asks for nothing more', () => {
    fc.assert(
      fc.property(loads, (load) => {
        const wanted = wantedReplicas(load);
        assert.equal(wantedReplicas({ ...load, current: wanted }), wanted);
      }),
    );
  });
});
