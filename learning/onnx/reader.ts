import { show, sizeOf } from '../ir/shape.ts';
import { fieldsOf } from './protobuf.ts';
import type { Weights } from './writer.ts';

const FLOAT = 1;

/**
 * The named float weights of an ONNX file written by `writeOnnx`: what a graph for other shapes (another batch, another bucket) is bound
 * to. Throws `RangeError` when the bytes are no such file.
 */
export function readWeights(bytes: Uint8Array): Weights {
  const weights = new Map<string, Float32Array>();
  for (const graph of messages(bytes, 7)) {
    for (const initialiser of messages(graph, 5)) {
      const { name, values } = tensor(initialiser);
      if (values !== undefined && !name.startsWith('#')) weights.set(name, values);
    }
  }
  if (weights.size === 0)
    throw new RangeError('the ONNX file holds no named weights: it was cut, or is no model of ours');
  return weights;
}

function* messages(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, value } of fieldsOf(bytes))
    if (field === wanted && value instanceof Uint8Array) yield value;
}

function tensor(bytes: Uint8Array): { name: string; values?: Float32Array } {
  const shape: number[] = [];
  let [name, type, raw] = ['', 0, new Uint8Array()];
  for (const { field, value } of fieldsOf(bytes)) {
    if (typeof value === 'bigint') {
      if (field === 1) shape.push(Number(value));
      if (field === 2) type = Number(value);
    } else if (field === 8) name = new TextDecoder().decode(value);
    else if (field === 9) raw = Uint8Array.from(value);
  }
  if (type !== FLOAT) return { name };
  if (raw.length !== sizeOf(shape) * 4)
    throw new RangeError(`weight "${name}": ${raw.length} bytes do not fill ${show(shape)}`);
  const view = new DataView(raw.buffer);
  return {
    name,
    values: Float32Array.from({ length: sizeOf(shape) }, (_, i) => view.getFloat32(i * 4, true)),
  };
}
