import assert from 'node:assert/strict';
import type * as Tf from '@tensorflow/tfjs';
import { onnxruntime } from '../executors/onnxruntime.ts';
import { evaluate, reference } from '../executors/reference.ts';
import { interpret, loadTfjs, tfjs } from '../executors/tfjs.ts';
import { Random } from '../random.ts';
import { cases } from './cases.table.ts';
import type { Case } from './cases.table.ts';
import { mul } from './elementwise.ts';
import { gradients } from './gradient.ts';
import { graphOf } from './graph.ts';
import { sum } from './reduce.ts';
import { sizeOf } from './shape.ts';
import { constant, input } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** An operation reduced to a scalar by fixed weights, so that every output element has its own gradient. */
function problem({ shapes, of, range: [low, high] = [-1.5, 1.5] }: Case, seed: number) {
  const random = new Random(seed);
  const inputs = shapes.map((shape, i) => input(`x${i}`, shape));
  const y = of(...inputs);
  const weights = constant(
    Array.from({ length: sizeOf(y.shape) }, () => random.normal()),
    y.shape,
  );
  const loss = sum(mul(y, weights));
  const count = inputs.reduce((total, x) => total + sizeOf(x.shape), 0);
  // Evenly spread and shuffled: no two values are close to each other, and none to 0.
  const spread = Array.from(random.order(count), (rank) => low + ((rank + 0.55) * (high - low)) / count);
  const feeds: Record<string, Float32Array> = {};
  let next = 0;
  for (const [i, x] of inputs.entries()) {
    feeds[`x${i}`] = Float32Array.from(spread.slice(next, (next += sizeOf(x.shape))));
  }
  return { inputs, y, loss, feeds, gradients: gradients(loss, inputs) };
}

const close = (
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  what: string,
): void => {
  assert.equal(actual.length, wanted.length, `${what}: length`);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [actual[i] ?? NaN, wanted[i] ?? NaN];
    assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}[${i}]: ${a}, wanted ${b}`);
  }
};

/** Central differences in double precision. */
function differences(loss: Tensor, feeds: Readonly<Record<string, Float32Array>>, name: string): number[] {
  const STEP = 1e-5;
  const values = Float64Array.from(feeds[name] ?? []);
  const at = (i: number, step: number): number => {
    const moved = values.slice();
    moved[i] = (moved[i] ?? 0) + step;
    return evaluate([loss], { ...feeds, [name]: moved })[0]?.[0] ?? NaN;
  };
  return Array.from(values, (_, i) => (at(i, STEP) - at(i, -STEP)) / (2 * STEP));
}

describe('learning/ir operations', () => {
  let tf: typeof Tf;
  before(async function () {
    this.timeout(60_000);
    tf = await loadTfjs();
  });

  for (const [seed, [name, given]] of Object.entries(cases).entries()) {
    it(`${name}: the gradient is the slope`, () => {
      const { loss, feeds, inputs, gradients } = problem(given, seed);
      const analytic = evaluate(gradients, feeds);
      for (const [i] of inputs.entries())
        close(analytic[i] ?? [], differences(loss, feeds, `x${i}`), 1e-7, `d/dx${i}`);
    });

    it(`${name}: onnxruntime and tfjs give the reference's numbers`, async () => {
      const { y, feeds, gradients } = problem(given, seed);
      const graph = graphOf({ y, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) });
      const used = Object.fromEntries(graph.inputs.map((p) => [p.name, feeds[p.name] ?? new Float32Array()]));
      const wanted = await (await reference.compile(graph)).run(used);
      for (const executor of [onnxruntime, tfjs(tf)]) {
        const program = await executor.compile(graph);
        const got = await program.run(used);
        for (const port of graph.outputs)
          close(got[port.name] ?? [], wanted[port.name] ?? [], 2e-6, `${executor.name} ${port.name}`);
        await program.close();
      }
    });

    if (given.ties === true) continue;
    it(`${name}: the gradient is that of tfjs`, () => {
      const { loss, feeds, inputs, gradients } = problem(given, seed);
      const wanted = tf
        .grads((...fed: Tf.Tensor[]) => {
          const [value] = interpret(tf, [loss], new Map(fed.map((x, i) => [`x${i}`, x])));
          return value as Tf.Tensor;
        })(inputs.map((x, i) => tf.tensor(feeds[`x${i}`] ?? [], [...x.shape])))
        .map((g) => g.dataSync());
      for (const [i, g] of evaluate(gradients, feeds).entries()) close(g, wanted[i] ?? [], 1e-5, `d/dx${i}`);
    });
  }
});
