import type { Graph } from '../ir/graph.ts';
import { sizeOf } from '../ir/shape.ts';
import { inOrder } from '../ir/tensor.ts';
import type { Numbers, Tensor } from '../ir/tensor.ts';
import type { Weights } from '../onnx/writer.ts';
import { buffersFor, checkFeeds, unbound } from './executor.ts';
import type { Executor, Program, Values } from './executor.ts';

/**
 * Evaluates tensors with the plain loops of their definitions, in double precision: slow, and the measure of what is right. Derivatives are
 * checked against finite differences here.
 */
export function evaluate(
  results: readonly Tensor[],
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Float64Array[] {
  const values = new Map<Tensor, Numbers>();
  for (const tensor of inOrder(results)) {
    const out = new Float64Array(sizeOf(tensor.shape));
    if (tensor.input === undefined)
      tensor.operation.evaluate(
        tensor.inputs.map((x) => values.get(x) ?? new Float64Array()),
        out,
      );
    else out.set(feeds[tensor.input] ?? []);
    values.set(tensor, out);
  }
  return results.map((tensor) => Float64Array.from(values.get(tensor) ?? []));
}

/** The reference evaluation as an executor. */
export const reference: Executor = {
  name: 'reference',
  compile: (graph: Graph, weights: Weights = new Map()): Promise<Program> => {
    const inputs = unbound(graph.inputs, weights);
    const bound = Object.fromEntries(weights);
    const run = (feeds: Values, into: Values): Values => {
      checkFeeds(inputs, feeds);
      const results = evaluate(graph.results, { ...bound, ...feeds });
      for (const [i, { name }] of graph.outputs.entries()) into[name]?.set(results[i] ?? []);
      return into;
    };
    return Promise.resolve({
      inputs,
      outputs: graph.outputs,
      run: async (feeds: Values, into = buffersFor(graph.outputs)) => run(feeds, into),
      close: () => Promise.resolve(),
    });
  },
};
