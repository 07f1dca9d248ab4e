import type * as Tf from '@tensorflow/tfjs';
import type { Graph } from '../ir/graph.ts';
import { inOrder } from '../ir/tensor.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { Weights } from '../onnx/writer.ts';
import { buffersFor, checkFeeds, unbound } from './executor.ts';
import type { Executor, Program, Values } from './executor.ts';

/** The package `@tensorflow/tfjs-node` when it is installed and loads, else `@tensorflow/tfjs` on its CPU backend. */
export async function loadTfjs(): Promise<typeof Tf> {
  // A variable, so that neither the compiler nor the bundler asks for a package that is optional.
  const native = '@tensorflow/tfjs-node';
  try {
    return (await import(native)) as typeof Tf;
  } catch {
    const tf = await import('@tensorflow/tfjs');
    await tf.setBackend('cpu');
    return tf;
  }
}

/** Runs graphs as TensorFlow.js operations: an independent implementation to check onnxruntime and the reference against. */
export const tfjs = (tf: typeof Tf): Executor => ({
  name: 'tfjs',
  compile: (graph: Graph, weights: Weights = new Map()): Promise<Program> => {
    const inputs = unbound(graph.inputs, weights);
    const bound = Object.fromEntries(weights);
    const run = (feeds: Values, into: Values): Values => {
      checkFeeds(inputs, feeds);
      tf.tidy(() => {
        const fed = new Map(
          graph.inputs.map(({ name, shape }) => [
            name,
            tf.tensor(feeds[name] ?? bound[name] ?? [], [...shape], 'float32'),
          ]),
        );
        const results = interpret(tf, graph.results, fed);
        for (const [i, { name }] of graph.outputs.entries()) into[name]?.set(results[i]?.dataSync() ?? []);
      });
      return into;
    };
    return Promise.resolve({
      inputs,
      outputs: graph.outputs,
      run: async (feeds: Values, into = buffersFor(graph.outputs)) => run(feeds, into),
      close: () => Promise.resolve(),
    });
  },
});

/** The results as TensorFlow.js tensors; differentiable by `tf.grads` in what is fed. */
export function interpret(
  tf: typeof Tf,
  results: readonly Tensor[],
  feeds: ReadonlyMap<string, Tf.Tensor>,
): Tf.Tensor[] {
  const values = new Map<Tensor, Tf.Tensor>();
  const valueOf = (tensor: Tensor): Tf.Tensor => {
    const value = tensor.input === undefined ? values.get(tensor) : feeds.get(tensor.input);
    if (value === undefined) throw new Error(`tfjs: "${tensor.input ?? tensor.operation.name}" has no value`);
    return value;
  };
  for (const tensor of inOrder(results))
    if (tensor.input === undefined) values.set(tensor, tensor.operation.tfjs(tf, tensor.inputs.map(valueOf)));
  return results.map(valueOf);
}
