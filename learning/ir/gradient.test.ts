import assert from 'node:assert/strict';
import type * as Tf from '@tensorflow/tfjs';
import { onnxruntime } from '../executors/onnxruntime.ts';
import { evaluate } from '../executors/reference.ts';
import { interpret, loadTfjs } from '../executors/tfjs.ts';
import { networks } from '../test-network.ts';
import { mul, tanh } from './elementwise.ts';
import { gradients } from './gradient.ts';
import { graphOf } from './graph.ts';
import { sum } from './reduce.ts';
import { sizeOf } from './shape.ts';
import { input } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** Largest difference, relative to the largest entry of the wanted. */
const apart = (actual: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  const scale = Array.from(wanted).reduce((top, x) => Math.max(top, Math.abs(x)), 1e-3);
  return Array.from(wanted).reduce((top, x, i) => Math.max(top, Math.abs((actual[i] ?? NaN) - x) / scale), 0);
};

describe('gradients', () => {
  let tf: typeof Tf;
  before(async () => {
    tf = await loadTfjs();
  });

  for (const [name, make] of Object.entries(networks)) {
    const { parameters, loss, data } = make();
    const wrt = parameters.tensors;
    const feeds: Record<string, Float32Array> = { ...Object.fromEntries(parameters.weights), ...data };
    const symbolic = gradients(loss, wrt);
    const analytic = evaluate(symbolic, feeds);

    it(`${name}: every parameter's gradient is its slope`, () => {
      for (const [p, parameter] of wrt.entries()) {
        const key = parameter.input ?? '';
        const slopes = Array.from(feeds[key] ?? [], (_, i) => {
          const at = (step: number): number => {
            const moved = Float64Array.from(feeds[key] ?? []);
            moved[i] = (moved[i] ?? 0) + step;
            return evaluate([loss], { ...feeds, [key]: moved })[0]?.[0] ?? NaN;
          };
          return (at(1e-5) - at(-1e-5)) / 2e-5;
        });
        assert.ok(apart(analytic[p] ?? [], slopes) < 1e-6, key);
      }
    });

    it(`${name}: tfjs finds the same by its own differentiation`, () => {
      const fixed = Object.entries(data).map(
        ([key, values]) => [key, tf.tensor(values, shapeOf(loss, key))] as const,
      );
      const found = tf.grads((...values: Tf.Tensor[]) => {
        const fed = new Map([
          ...fixed,
          ...wrt.map((x, i) => [x.input ?? '', values[i] as Tf.Tensor] as const),
        ]);
        return interpret(tf, [loss], fed)[0] as Tf.Tensor;
      })(wrt.map((x) => tf.tensor(feeds[x.input ?? ''] ?? [], [...x.shape])));
      for (const [p, parameter] of wrt.entries())
        assert.ok(apart(found[p]?.dataSync() ?? [], analytic[p] ?? []) < 2e-5, parameter.input);
    });

    it(`${name}: onnxruntime computes the same`, async () => {
      const graph = graphOf({ loss, ...Object.fromEntries(symbolic.map((g, i) => [`g${i}`, g])) });
      const program = await onnxruntime.compile(graph);
      const results = await program.run(feeds);
      await program.close();
      for (const [p, parameter] of wrt.entries())
        assert.ok(apart(results[`g${p}`] ?? [], analytic[p] ?? []) < 2e-5, parameter.input);
    });
  }

  it('can be differentiated again', () => {
    const x = input('x', [3]);
    const [first] = gradients(sum(tanh(x)), [x]);
    const [second] = gradients(sum(first as Tensor), [x]);
    const at = Float64Array.of(-0.7, 0.2, 1.1);
    const wanted = at.map((v) => -2 * Math.tanh(v) * (1 - Math.tanh(v) ** 2));
    assert.ok(apart(evaluate([second as Tensor], { x: at })[0] ?? [], wanted) < 1e-12);
  });

  it('is zero for what the loss does not see', () => {
    const [x, y] = [input('x', [2]), input('y', [3])];
    const [, dy] = gradients(sum(mul(x, x)), [x, y]);
    assert.deepEqual(evaluate([dy as Tensor], { x: [1, 2], y: [1, 2, 3] })[0], Float64Array.of(0, 0, 0));
    assert.equal(sizeOf(dy?.shape ?? []), 3);
  });

  it('refuses a loss that is no scalar', () => {
    const x = input('x', [2]);
    assert.throws(
      () => gradients(mul(x, x), [x]),
      /ShapeError: gradients: the loss has shape \[2\]; reduce it to a scalar/,
    );
  });
});

function shapeOf(loss: Tensor, name: string): number[] {
  const graph = graphOf({ loss });
  return [...(graph.inputs.find((port) => port.name === name)?.shape ?? [])];
}
