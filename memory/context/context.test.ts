import assert from 'node:assert/strict';
import fc from 'fast-check';
import { featuresFrom } from '#memory/encoders/test-situations.ts';
import type { Features } from '#memory/encoders/features/features.ts';
import { featuresIn } from './codec.ts';
import { Contexts } from './contexts.ts';
import { fromHalf, toHalf } from './halves.ts';

const parts = (f: Features): Float32Array[] => [
  f.services.nodes,
  f.services.edges,
  f.topology.nodes,
  f.topology.edges,
  f.request,
  f.telemetry,
  f.maps,
];

describe('the context of a trace', () => {
  it('gives back graphs as they were and numbers to 11 bits', () => {
    const contexts = new Contexts();
    for (const features of featuresFrom([1, 2, 3, 4, 5])) {
      const back = featuresIn(contexts.of(features));
      assert.deepEqual([...back.topology.from], [...features.topology.from]);
      assert.deepEqual([...back.topology.to], [...features.topology.to]);
      assert.deepEqual([...back.services.from], [...features.services.from]);
      for (const [i, part] of parts(back).entries()) {
        const was = parts(features)[i] ?? new Float32Array();
        assert.equal(part.length, was.length);
        for (const [j, x] of part.entries())
          assert.ok(Math.abs(x - (was[j] ?? NaN)) <= Math.abs(was[j] ?? 0) / 2048 + 1e-7);
      }
      // Kept once more, nothing is lost.
      assert.deepEqual(featuresIn(new Contexts().of(back)), back);
    }
  });

  it('shares the scene of a world, and says where it differs', () => {
    const contexts = new Contexts();
    const [one] = featuresFrom([3]);
    assert.ok(one !== undefined);
    const first = contexts.of(one);
    const nodes = one.topology.nodes.slice();
    nodes[7] = 0.25;
    const changed = { ...one, topology: { ...one.topology, nodes } };
    const second = contexts.of(changed);
    assert.equal(second.scene, first.scene);
    assert.equal(featuresIn(second).topology.nodes[7], 0.25);
    assert.deepEqual(featuresIn(first).topology.nodes.length, nodes.length);
    const other = { ...one, maps: one.maps.map((_, i) => i % 9) };
    assert.notEqual(contexts.of(other).scene, first.scene);
  });

  it('is refused when it is cut short, altered, of other columns or a bomb', () => {
    const [features] = featuresFrom([2]);
    assert.ok(features !== undefined);
    const context = new Contexts().of(features);
    const bad = [
      { ...context, own: context.own.subarray(0, 20) },
      { ...context, scene: context.scene.subarray(1) },
      { ...context, own: new Uint8Array(40_000) },
      { ...context, columns: 'others' },
    ];
    for (const one of bad) assert.throws(() => featuresIn(one), { name: 'RefusedTrace' });
    fc.assert(
      fc.property(fc.nat(context.scene.length - 1), fc.nat(255), (at, byte) => {
        const scene = Uint8Array.from(context.scene);
        scene[at] = byte;
        try {
          assert.ok(parts(featuresIn({ ...context, scene })).every((p) => p.every(Number.isFinite)));
        } catch (error) {
          assert.equal((error as Error).name, 'RefusedTrace');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('rounds to the nearest 16-bit number', () => {
    for (let bits = 0; bits < 0x7c00; bits += 7) assert.equal(toHalf(fromHalf(bits)), bits);
    assert.equal(fromHalf(toHalf(-1e9)), -65_504);
    assert.equal(fromHalf(toHalf(0.1)), 0.0999755859375);
    fc.assert(
      fc.property(
        fc.double({ min: -65_000, max: 65_000, noNaN: true }),
        (x) => Math.abs(fromHalf(toHalf(x)) - x) <= Math.abs(x) / 2048 + 3.1e-8,
      ),
    );
  });
});
