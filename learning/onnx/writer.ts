import type { Graph, Port } from '../ir/graph.ts';
import { show, sizeOf, wants } from '../ir/shape.ts';
import type { Shape } from '../ir/shape.ts';
import { inOrder } from '../ir/tensor.ts';
import type { OnnxAttribute, OnnxNodes } from '../ir/tensor.ts';
import { Message, littleEndian } from './protobuf.ts';

/** Version of the standard operators that is written; opset 17 has everything used here, and onnxruntime reads it for years to come. */
export const OPSET = 17;
const IR_VERSION = 8;
const FLOAT = 1;
const INT64 = 7;

/** Values for some of a graph's inputs, by name: they become constants of the file. */
export type Weights = ReadonlyMap<string, Float32Array>;

/**
 * The graph as the bytes of an ONNX model (onnx.proto of ONNX 1.13). Inputs named in `weights` become initialisers under their names.
 * Equal graphs give equal bytes. Throws `ShapeError` when a weight does not fill its input.
 */
export function writeOnnx(graph: Graph, weights: Weights = new Map()): Uint8Array {
  const initialisers: Message[] = [];
  const body = new Message();
  const nodes = new Nodes(body, initialisers);
  const names = new Map<unknown, string>();
  for (const tensor of inOrder(graph.results)) {
    if (tensor.input === undefined) {
      const name = nodes.fresh();
      const inputs = tensor.inputs.map((x) => names.get(x) ?? '');
      tensor.operation.onnx(nodes, inputs, name);
      names.set(tensor, name);
      continue;
    }
    names.set(tensor, tensor.input);
    const values = weights.get(tensor.input);
    if (values === undefined) continue;
    wants(
      values.length === sizeOf(tensor.shape),
      'Weights',
      `${values.length} numbers do not fill "${tensor.input}" of shape ${show(tensor.shape)}`,
    );
    initialisers.push(tensorMessage(tensor.input, tensor.shape, FLOAT, littleEndian(values)));
  }
  for (const [i, result] of graph.results.entries())
    nodes.node('Identity', [names.get(result) ?? ''], graph.outputs[i]?.name ?? '');
  body.text(2, 'edgeloom');
  for (const initialiser of initialisers) body.message(5, initialiser);
  for (const port of graph.inputs) if (!weights.has(port.name)) body.message(11, valueInfo(port));
  for (const port of graph.outputs) body.message(12, valueInfo(port));
  return new Message()
    .int(1, IR_VERSION)
    .text(2, 'edgeloom')
    .message(7, body)
    .message(8, new Message().text(1, '').int(2, OPSET))
    .done();
}

class Nodes implements OnnxNodes {
  readonly #body: Message;
  readonly #initialisers: Message[];
  readonly #integers = new Map<string, string>();
  #count = 0;

  constructor(body: Message, initialisers: Message[]) {
    this.#body = body;
    this.#initialisers = initialisers;
  }

  fresh(): string {
    return `#${this.#count++}`;
  }

  node(
    operation: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    const message = new Message();
    for (const name of inputs) message.text(1, name);
    message.text(2, output).text(4, operation);
    for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
    this.#body.message(1, message);
  }

  integers(values: readonly number[]): string {
    const key = values.join(',');
    const known = this.#integers.get(key);
    if (known !== undefined) return known;
    const name = this.fresh();
    this.#integers.set(key, name);
    const bytes = new Uint8Array(values.length * 8);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value), true);
    this.#initialisers.push(tensorMessage(name, [values.length], INT64, bytes));
    return name;
  }

  floats(values: Float32Array | Float64Array, shape: Shape): string {
    const name = this.fresh();
    this.#initialisers.push(tensorMessage(name, shape, FLOAT, littleEndian(Float32Array.from(values))));
    return name;
  }
}

/** AttributeProto; its type numbers are FLOAT 1, INT 2, STRING 3, TENSOR 4, INTS 7. */
function attribute(name: string, value: OnnxAttribute): Message {
  const message = new Message().text(1, name);
  if ('int' in value) return message.int(3, value.int).int(20, 2);
  if ('text' in value) return message.text(4, value.text).int(20, 3);
  if ('scalar' in value)
    return message
      .message(5, tensorMessage('', [1], FLOAT, littleEndian(Float32Array.of(value.scalar))))
      .int(20, 4);
  for (const int of value.ints) message.int(8, int);
  return message.int(20, 7);
}

function tensorMessage(name: string, shape: Shape, type: number, bytes: Uint8Array): Message {
  const message = new Message();
  for (const size of shape) message.int(1, size);
  return message.int(2, type).text(8, name).bytes(9, bytes);
}

function valueInfo({ name, shape }: Port): Message {
  const sizes = new Message();
  for (const size of shape) sizes.message(1, new Message().int(1, size));
  const type = new Message().message(1, new Message().int(1, FLOAT).message(2, sizes));
  return new Message().text(1, name).message(2, type);
}
