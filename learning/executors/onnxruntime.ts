import type ort from 'onnxruntime-node';
import type { Graph, Port } from '../ir/graph.ts';
import { writeOnnx } from '../onnx/writer.ts';
import type { Weights } from '../onnx/writer.ts';
import { buffersFor, checkFeeds } from './executor.ts';
import type { Executor, Program, Values } from './executor.ts';

/** One thread: spinning pools lose when anything else runs, and one thread repeats bit for bit. Parallelism is worker threads. */
const OPTIONS: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};

/** The bytes of an ONNX model ready to run. Rejects when onnxruntime cannot read them. */
export async function loadOnnx(bytes: Uint8Array): Promise<Program> {
  // A native library of 44 MB: loaded when something is run, not when a command line is read.
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(bytes, OPTIONS);
  const inputs = session.inputMetadata.map(portOf);
  const outputs = session.outputMetadata.map(portOf);
  const tensors = (ports: readonly Port[], values: Values): Record<string, ort.Tensor> =>
    Object.fromEntries(
      ports.map(({ name, shape }) => [
        name,
        new Tensor('float32', values[name] ?? new Float32Array(), shape),
      ]),
    );
  return {
    inputs,
    outputs,
    run: async (feeds: Values, into: Values = buffersFor(outputs)) => {
      checkFeeds(inputs, feeds);
      await session.run(tensors(inputs, feeds), tensors(outputs, into));
      return into;
    },
    close: () => session.release(),
  };
}

function portOf(meta: ort.InferenceSession.ValueMetadata): Port {
  const sizes = meta.isTensor ? meta.shape : [];
  return {
    name: meta.name,
    shape: sizes.map((size) => {
      if (typeof size === 'number') return size;
      throw new RangeError(`"${meta.name}" has the open size "${size}": only fixed shapes are run`);
    }),
  };
}

/** The default executor: onnxruntime's CPU kernels, one thread. */
export const onnxruntime: Executor = {
  name: 'onnxruntime',
  compile: (graph: Graph, weights?: Weights) => loadOnnx(writeOnnx(graph, weights)),
};
