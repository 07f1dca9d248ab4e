import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Message } from '#learning/onnx/protobuf.ts';
import { uniform } from '#memory/store/clustered.ts';
import { ScanMemory } from '#memory/store/embedded/scan-memory.ts';
import { SEGMENT } from '#memory/store/embedded/segment.ts';
import { figure, median } from '../report.ts';
import type { Figure } from '../report.ts';
import { say } from './say.ts';

const DIMENSION = 128;
const SIZES = [10_048, 100_032, 500_032];
const RUNS = 40;
/** Types of TensorProto. */
const [FLOAT, INT8, INT32] = [1, 3, 6];

/**
 * Scores of all rows against one query, one thread (decision 0012): the store's WebAssembly kernel against onnxruntime's matrix
 * products, as a ratio too, since the machine's load moves both.
 */
export async function kernel(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const next = uniform(7);
  const query = Float32Array.from({ length: DIMENSION }, () => next() - 0.5);
  for (const rows of SIZES) {
    say(`kernel: ${rows} rows`);
    const memory = new ScanMemory(DIMENSION);
    const floats = new Float32Array(rows * DIMENSION);
    for (let slot = 0; slot < rows; slot++) {
      if (slot % SEGMENT === 0) memory.grow();
      const row = floats.subarray(slot * DIMENSION, (slot + 1) * DIMENSION);
      for (let j = 0; j < DIMENSION; j++) row[j] = next() - 0.5;
      memory.write(slot, row);
    }
    const bytes = Int8Array.from(floats, (x) => Math.round(254 * x));
    const asked = Int8Array.from(query, (x) => Math.round(254 * x));
    const whole = await product('MatMulInteger', [INT8, INT32], rows);
    const float = await product('MatMul', [FLOAT, FLOAT], rows);
    const byteFeeds = {
      a: new Tensor('int8', bytes, [rows, DIMENSION]),
      b: new Tensor('int8', asked, [DIMENSION, 1]),
    };
    const floatFeeds = {
      a: new Tensor('float32', floats, [rows, DIMENSION]),
      b: new Tensor('float32', query, [DIMENSION, 1]),
    };
    const times = {
      wasm: await timesOf(() => memory.score(query, rows)),
      'matmul-integer': await timesOf(() => whole.run(byteFeeds)),
      matmul: await timesOf(() => float.run(floatFeeds)),
    };
    const name = `memory.kernel.${Math.round(rows / 1000)}k`;
    for (const [way, list] of Object.entries(times))
      figures.push(figure(`${name}.${way}`, median(list), 'ms', '', list.length));
    const best = Math.min(median(times['matmul-integer']), median(times.matmul));
    figures.push(figure(`${name}.gain`, best / median(times.wasm), 'x onnxruntime', '>= 1', RUNS));
    await whole.release();
    await float.release();
  }
  return figures;
}

async function timesOf(work: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < RUNS + 5; i++) {
    const started = performance.now();
    await work();
    if (i >= 5) times.push(performance.now() - started);
  }
  return times;
}

/** A session of one matrix times one vector. */
function product(
  operation: string,
  [input = 0, output = 0]: readonly number[],
  rows: number,
): Promise<InferenceSession> {
  const value = (name: string, type: number, sizes: readonly number[]): Message => {
    const shape = new Message();
    for (const size of sizes) shape.message(1, new Message().int(1, size));
    return new Message()
      .text(1, name)
      .message(2, new Message().message(1, new Message().int(1, type).message(2, shape)));
  };
  const graph = new Message()
    .message(1, new Message().text(1, 'a').text(1, 'b').text(2, 'y').text(4, operation))
    .text(2, 'kernel')
    .message(11, value('a', input, [rows, DIMENSION]))
    .message(11, value('b', input, [DIMENSION, 1]))
    .message(12, value('y', output, [rows, 1]));
  const model = new Message().int(1, 8).message(7, graph).message(8, new Message().text(1, '').int(2, 17));
  return InferenceSession.create(model.done(), { intraOpNumThreads: 1, interOpNumThreads: 1 });
}
