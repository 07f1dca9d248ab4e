import type * as Tf from '@tensorflow/tfjs';
import { broadcast, broadcastOffsets, offsets, sameShape, show, sizeOf, stridesOf, wants } from './shape.ts';
import type { Shape } from './shape.ts';
import { tensorOf } from './tensor.ts';
import type { Numbers, Tensor } from './tensor.ts';

/** The same numbers in the same order under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  wants(sizeOf(x.shape) === sizeOf(shape), 'Reshape', `${show(x.shape)} does not fill ${show(shape)}`);
  return tensorOf(
    {
      name: 'Reshape',
      shape,
      gradient: (g) => [reshape(g, x.shape)],
      onnx: (nodes, [value = ''], output) => nodes.node('Reshape', [value, nodes.integers(shape)], output),
      evaluate: ([values = []], out) => out.set(values),
      tfjs: (tf, [value]) => tf.reshape(value as Tf.Tensor, [...shape]),
    },
    [x],
  );
}

const gatherInto = (out: Numbers, values: ArrayLike<number>, from: Int32Array): void => {
  for (let i = 0; i < out.length; i++) out[i] = values[from[i] ?? 0] ?? 0;
};

/** Axes in another order: axis i of the result is axis `order[i]` of x. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  wants(
    sameShape(
      order.toSorted((a, b) => a - b),
      [...x.shape.keys()],
    ),
    'Transpose',
    `${show(order)} is no order of the axes of ${show(x.shape)}`,
  );
  const shape = order.map((axis) => x.shape[axis] ?? 1);
  return tensorOf(
    {
      name: 'Transpose',
      shape,
      gradient: (g) => [
        transpose(
          g,
          order.map((_, axis) => order.indexOf(axis)),
        ),
      ],
      onnx: (nodes, inputs, output) => nodes.node('Transpose', inputs, output, { perm: { ints: order } }),
      evaluate: ([values = []], out) => {
        const strides = stridesOf(x.shape);
        gatherInto(
          out,
          values,
          offsets(
            shape,
            order.map((axis) => strides[axis] ?? 0),
          ),
        );
      },
      tfjs: (tf, [value]) => tf.transpose(value as Tf.Tensor, [...order]),
    },
    [x],
  );
}

const resized = (shape: Shape, axis: number, size: number): Shape =>
  shape.map((s, a) => (a === axis ? size : s));

/** Entries `from` .. `to` - 1 along one axis. */
export function slice(x: Tensor, axis: number, from: number, to: number): Tensor {
  const size = x.shape[axis] ?? 0;
  wants(
    0 <= from && from < to && to <= size,
    'Slice',
    `${from}..${to} is not within axis ${axis} of ${show(x.shape)}`,
  );
  if (from === 0 && to === size) return x;
  const shape = resized(x.shape, axis, to - from);
  return tensorOf(
    {
      name: 'Slice',
      shape,
      gradient: (g) => [pad(g, axis, from, size - to)],
      onnx: (nodes, [value = ''], output) =>
        nodes.node('Slice', [value, ...[from, to, axis].map((n) => nodes.integers([n]))], output),
      evaluate: ([values = []], out) => {
        const strides = stridesOf(x.shape);
        gatherInto(out, values, offsets(shape, strides, from * (strides[axis] ?? 0)));
      },
      tfjs: (tf, [value]) =>
        tf.slice(
          value as Tf.Tensor,
          shape.map((_, a) => (a === axis ? from : 0)),
          [...shape],
        ),
    },
    [x],
  );
}

/** Where along which axis a tensor made by `pad` has its content: lets the gradient join parts instead of adding them. */
export interface Padding {
  readonly content: Tensor;
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

const paddings = new WeakMap<Tensor, Padding>();

/** What `pad` was given, when the tensor was made by it. */
export const paddingOf = (x: Tensor): Padding | undefined => paddings.get(x);

/** Zeros before and after x along one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  const size = x.shape[axis] ?? 0;
  wants(
    before >= 0 && after >= 0 && size > 0,
    'Pad',
    `${before} and ${after} on axis ${axis} of ${show(x.shape)}`,
  );
  if (before === 0 && after === 0) return x;
  const shape = resized(x.shape, axis, before + size + after);
  const ends = (count: number): number[] => shape.map((_, a) => (a === axis ? count : 0));
  const padded = tensorOf(
    {
      name: 'Pad',
      shape,
      gradient: (g) => [slice(g, axis, before, before + size)],
      onnx: (nodes, [value = ''], output) =>
        nodes.node('Pad', [value, nodes.integers([...ends(before), ...ends(after)])], output),
      evaluate: ([values = []], out) => {
        const strides = stridesOf(shape);
        const to = offsets(x.shape, strides, before * (strides[axis] ?? 0));
        for (let i = 0; i < to.length; i++) out[to[i] ?? 0] = values[i] ?? 0;
      },
      tfjs: (tf, [value]) =>
        tf.pad(
          value as Tf.Tensor,
          shape.map((_, a) => (a === axis ? [before, after] : [0, 0])),
        ),
    },
    [x],
  );
  paddings.set(padded, { content: x, axis, before, after });
  return padded;
}

/** Tensors one after another along one axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [head] = parts;
  wants(head !== undefined, 'Concat', 'there is nothing to join');
  if (parts.length === 1) return head;
  for (const part of parts)
    wants(
      sameShape(resized(part.shape, axis, 1), resized(head.shape, axis, 1)) && axis < head.shape.length,
      'Concat',
      `${show(part.shape)} does not join ${show(head.shape)} along axis ${axis}`,
    );
  const sizes = parts.map((part) => part.shape[axis] ?? 0);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const shape = resized(
    head.shape,
    axis,
    sizes.reduce((a, b) => a + b, 0),
  );
  return tensorOf(
    {
      name: 'Concat',
      shape,
      gradient: (g) => starts.map((start, i) => slice(g, axis, start, start + (sizes[i] ?? 0))),
      onnx: (nodes, inputs, output) => nodes.node('Concat', inputs, output, { axis: { int: axis } }),
      evaluate: (inputs, out) => {
        const strides = stridesOf(shape);
        for (const [i, part] of parts.entries()) {
          const to = offsets(part.shape, strides, (starts[i] ?? 0) * (strides[axis] ?? 0));
          for (let k = 0; k < to.length; k++) out[to[k] ?? 0] = inputs[i]?.[k] ?? 0;
        }
      },
      tfjs: (tf, inputs) => tf.concat([...inputs], axis),
    },
    parts,
  );
}

/** x stretched to a shape it broadcasts to. */
export function expand(x: Tensor, shape: Shape): Tensor {
  wants(
    sameShape(broadcast('Expand', x.shape, shape), shape),
    'Expand',
    `${show(x.shape)} does not stretch to ${show(shape)}`,
  );
  if (sameShape(x.shape, shape)) return x;
  return tensorOf(
    {
      name: 'Expand',
      shape,
      gradient: (g) => [g],
      onnx: (nodes, [value = ''], output) => nodes.node('Expand', [value, nodes.integers(shape)], output),
      evaluate: ([values = []], out) => gatherInto(out, values, broadcastOffsets(x.shape, shape)),
      tfjs: (tf, [value]) => tf.broadcastTo(value as Tf.Tensor, [...shape]),
    },
    [x],
  );
}
