import assert from 'node:assert/strict';
import { glorot, orthogonal } from './initialisers.ts';
import { Parameters } from './parameters.ts';
import { Random } from './random.ts';

describe('Random', () => {
  it('repeats from its seed, and its first numbers have not changed', () => {
    const random = new Random(42);
    assert.deepEqual(
      Array.from({ length: 3 }, () => random.uniform()),
      [0.15377165307290852, 0.8504893006756902, 0.018084544222801924],
    );
  });

  it('gives uniforms and normals of the right mean and variance', () => {
    const random = new Random(1);
    const moments = (draw: () => number): [number, number] => {
      const values = Array.from({ length: 20_000 }, draw);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length];
    };
    const [um, uv] = moments(() => random.uniform());
    assert.ok(Math.abs(um - 0.5) < 0.01 && Math.abs(uv - 1 / 12) < 0.003);
    const [nm, nv] = moments(() => random.normal());
    assert.ok(Math.abs(nm) < 0.03 && Math.abs(nv - 1) < 0.04);
  });

  it('splits streams that do not move each other', () => {
    const whole = new Random(3);
    const first = whole.split('a').uniform();
    whole.uniform();
    assert.equal(whole.split('a').uniform(), first);
    assert.notEqual(whole.split('b').uniform(), first);
    assert.notEqual(new Random(4).split('a').uniform(), first);
  });

  it('orders every index once', () => {
    assert.deepEqual(
      new Random(5).order(50).toSorted(),
      Int32Array.from({ length: 50 }, (_, i) => i),
    );
  });
});

describe('initialisers', () => {
  for (const shape of [
    [4, 9],
    [9, 4],
    [5, 5],
  ] as const)
    it(`orthogonal ${shape.join(' x ')} has orthonormal rows or columns, times its gain`, () => {
      const [rows, columns] = shape;
      const values = orthogonal(2)(shape, new Random(1));
      const line = (i: number): number[] =>
        rows <= columns
          ? Array.from(values.subarray(i * columns, (i + 1) * columns))
          : Array.from({ length: rows }, (_, r) => values[r * columns + i] ?? NaN);
      const count = Math.min(rows, columns);
      for (let i = 0; i < count; i++)
        for (let j = 0; j < count; j++) {
          const dot = line(i).reduce((total, x, k) => total + x * (line(j)[k] ?? NaN), 0);
          assert.ok(Math.abs(dot - (i === j ? 4 : 0)) < 1e-5);
        }
    });

  it('glorot stays within its bound', () => {
    const bound = Math.sqrt(6 / 30);
    assert.ok(glorot([10, 20], new Random(1)).every((x) => Math.abs(x) <= bound));
  });
});

describe('Parameters', () => {
  it('give each name a stream of its own, whatever else is asked for', () => {
    const [one, two] = [new Parameters(new Random(1)), new Parameters(new Random(1))];
    two.get('other', [3], glorot);
    for (const parameters of [one, two]) parameters.get('kernel', [2, 2], glorot);
    assert.deepEqual(one.weights.get('kernel'), two.weights.get('kernel'));
  });

  it('are the same tensor when asked for twice, and refuse another shape', () => {
    const parameters = new Parameters(new Random(1));
    assert.equal(parameters.get('kernel', [2, 2], glorot), parameters.get('kernel', [2, 2], glorot));
    assert.throws(() => parameters.get('kernel', [2, 3], glorot), /"kernel" is \[2,2\], not \[2,3\]/);
  });

  it('bound to weights, refuse a name those lack', () => {
    const parameters = new Parameters(new Random(1), new Map());
    assert.throws(() => parameters.get('kernel', [2, 2], glorot), /the weights have no "kernel"/);
  });
});
