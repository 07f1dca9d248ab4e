import type * as Tf from '@tensorflow/tfjs';
import { show, sizeOf, wants } from './shape.ts';
import type { Shape } from './shape.ts';

/** Storage of the reference evaluation: double precision where derivatives are checked, single to compare with the executors. */
export type Numbers = Float32Array | Float64Array;

/** An attribute of an ONNX node. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string }
  | { readonly scalar: number };

/** What an operation writes itself to: see `onnx/writer.ts`. */
export interface OnnxNodes {
  node(
    operation: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): void;
  /** Name of a constant one-dimensional int64 tensor. */
  integers(values: readonly number[]): string;
  /** Name of a constant float32 tensor. */
  floats(values: Numbers, shape: Shape): string;
  /** A name nothing else has. */
  fresh(): string;
}

/** One operation with its attributes bound: everything that the graph, its gradient and the executors ask of it. */
export interface Operation {
  readonly name: string;
  readonly shape: Shape;
  /**
   * dL/dinput of each input from g = dL/doutput, `y` being the output itself; undefined where the derivative is zero. A result may still
   * have the broadcast shape of the output: `gradient.ts` sums it back.
   */
  gradient(g: Tensor, y: Tensor): readonly (Tensor | undefined)[];
  onnx(nodes: OnnxNodes, inputs: readonly string[], output: string): void;
  /** Plain loops; `out` is all zero when it is called. */
  evaluate(inputs: readonly Numbers[], out: Numbers): void;
  tfjs(tf: typeof Tf, inputs: readonly Tf.Tensor[]): Tf.Tensor;
}

/** A node of the graph: the symbolic result of an operation. Immutable, so one tensor may be part of several graphs. */
export interface Tensor {
  readonly shape: Shape;
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  /** The name under which a caller feeds it; undefined for everything that is computed. */
  readonly input?: string;
}

/** What most functions take: a number stands for a scalar tensor. */
export type Operand = Tensor | number;

export const tensorOf = (operation: Operation, inputs: readonly Tensor[]): Tensor => ({
  shape: operation.shape,
  operation,
  inputs,
});

/** A tensor that is fed by name. Names starting with `#` are kept for computed ones. */
export function input(name: string, shape: Shape): Tensor {
  wants(
    name !== '' && !name.startsWith('#'),
    'Input',
    `"${name}" is no name: use one that does not start with #`,
  );
  wants(
    shape.every((size) => Number.isInteger(size) && size > 0),
    'Input',
    `"${name}" has shape ${show(shape)}: every size is a whole number above 0`,
  );
  const unreachable = (): never => {
    throw new Error(`input "${name}" is fed, never computed`);
  };
  return {
    input: name,
    shape,
    inputs: [],
    operation: {
      name: 'Input',
      shape,
      gradient: () => [],
      onnx: unreachable,
      evaluate: unreachable,
      tfjs: unreachable,
    },
  };
}

/** A tensor of given numbers, row major. */
export function constant(values: ArrayLike<number>, shape: Shape): Tensor {
  wants(values.length === sizeOf(shape), 'Constant', `${values.length} numbers do not fill ${show(shape)}`);
  const data = Float64Array.from(values);
  return tensorOf(
    {
      name: 'Constant',
      shape,
      gradient: () => [],
      onnx: (nodes, _inputs, output) => nodes.node('Identity', [nodes.floats(data, shape)], output),
      evaluate: (_inputs, out) => out.set(data),
      tfjs: (tf) => tf.tensor(Float32Array.from(data), [...shape]),
    },
    [],
  );
}

/** A tensor that holds one number everywhere; takes no room in a file. */
export function full(value: number, shape: Shape): Tensor {
  return tensorOf(
    {
      name: 'Full',
      shape,
      gradient: () => [],
      onnx: (nodes, _inputs, output) =>
        nodes.node('ConstantOfShape', [nodes.integers(shape)], output, { value: { scalar: value } }),
      evaluate: (_inputs, out) => {
        out.fill(value);
      },
      tfjs: (tf) => tf.mul(tf.ones([...shape]), value),
    },
    [],
  );
}

export const asTensor = (x: Operand): Tensor => (typeof x === 'number' ? constant([x], []) : x);

/** Every tensor that the outputs need, each after what it is computed from. */
export function inOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const done = new Set<Tensor>();
  const stack = outputs.map((tensor) => ({ tensor, next: 0 })).toReversed();
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = top.tensor.inputs[top.next++];
    if (done.has(top.tensor) || child === undefined) {
      if (!done.has(top.tensor)) order.push(top.tensor);
      done.add(top.tensor);
      stack.pop();
    } else if (!done.has(child)) stack.push({ tensor: child, next: 0 });
  }
  return order;
}
