/** Sizes of the axes of a tensor, outermost first; `[]` is a scalar. Every shape is known when the graph is built. */
export type Shape = readonly number[];

/** Two tensors whose shapes an operation cannot combine; the message names the operation and both shapes. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** Throws `ShapeError` unless `holds`. */
export function wants(holds: boolean, operation: string, message: string): asserts holds {
  if (!holds) throw new ShapeError(`${operation}: ${message}`);
}

/** `[2,3]`, for messages. */
export const show = (shape: Shape): string => `[${shape.join(',')}]`;

/** How many numbers a tensor of this shape holds. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** The shape both broadcast to under the rules of NumPy and ONNX: aligned at the last axis, size 1 stretches. */
export function broadcast(operation: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    wants(x === y || x === 1 || y === 1, operation, `${show(a)} and ${show(b)} do not broadcast`);
    return Math.max(x, y);
  });
}

/** Distance in memory between neighbours along each axis, row major. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

/** For every element of `to`, the offset of the element of `from` that lies there when each axis of `to` moves `step[axis]` in `from`. */
export function offsets(to: Shape, step: readonly number[], base = 0): Int32Array {
  const result = new Int32Array(sizeOf(to));
  const at = to.map(() => 0);
  let offset = base;
  for (let i = 0; i < result.length; i++) {
    result[i] = offset;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1;
      offset += step[axis] ?? 0;
      if (next < (to[axis] ?? 1)) {
        at[axis] = next;
        break;
      }
      offset -= next * (step[axis] ?? 0);
      at[axis] = 0;
    }
  }
  return result;
}

/** Offsets into a tensor of shape `from` that is read as if it were stretched to `to`. */
export function broadcastOffsets(from: Shape, to: Shape): Int32Array {
  const strides = stridesOf(from);
  const lead = to.length - from.length;
  return offsets(
    to,
    to.map((_, axis) => ((from[axis - lead] ?? 1) === 1 ? 0 : (strides[axis - lead] ?? 0))),
  );
}
