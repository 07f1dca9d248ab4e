import { add } from './elementwise.ts';
import { concat, paddingOf } from './layout.ts';
import type { Padding } from './layout.ts';
import { sumTo } from './reduce.ts';
import { sameShape, show, wants } from './shape.ts';
import { full, inOrder } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/**
 * dL/dx for each x in `wrt` by reverse mode, as tensors of the same graph language: they can be evaluated, written, and differentiated
 * again. The loss is a scalar. What the loss does not depend on has gradient zero.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  wants(
    loss.shape.length === 0,
    'gradients',
    `the loss has shape ${show(loss.shape)}; reduce it to a scalar`,
  );
  const order = inOrder([loss]);
  const needed = new Set<Tensor>(wrt);
  for (const tensor of order) if (tensor.inputs.some((x) => needed.has(x))) needed.add(tensor);
  const parts = new Map<Tensor, Tensor[]>([[loss, [full(1, [])]]]);
  const found = new Map<Tensor, Tensor>();
  for (const y of order.toReversed()) {
    const contributions = parts.get(y);
    if (contributions === undefined || !needed.has(y)) continue;
    const g = total(contributions, y);
    found.set(y, g);
    const backwards = y.operation.gradient(g, y);
    for (const [i, x] of y.inputs.entries()) {
      const part = backwards[i];
      if (part === undefined || !needed.has(x)) continue;
      const list = parts.get(x);
      if (list === undefined) parts.set(x, [part]);
      else list.push(part);
    }
  }
  return wrt.map((x) => found.get(x) ?? full(0, x.shape));
}

function total(contributions: readonly Tensor[], y: Tensor): Tensor {
  const fitted = contributions.map((g) => (sameShape(g.shape, y.shape) ? g : sumTo(g, y.shape)));
  return tiled(fitted) ?? fitted.reduce((a, b) => add(a, b));
}

/** Slices that together cover a tensor (gates of a GRU, steps of a sequence) give gradients that join without adding zeros. */
function tiled(parts: readonly Tensor[]): Tensor | undefined {
  const paddings = parts.map(paddingOf);
  if (parts.length < 2 || !paddings.every((p) => p !== undefined)) return undefined;
  const sorted = paddings.toSorted((a, b) => a.before - b.before);
  const size = (p: Padding): number => p.content.shape[p.axis] ?? 0;
  let next = 0;
  for (const part of sorted) {
    if (part.axis !== sorted[0]?.axis || part.before !== next) return undefined;
    next += size(part);
  }
  const last = sorted.at(-1);
  return last?.after !== 0
    ? undefined
    : concat(
        sorted.map((p) => p.content),
        last.axis,
      );
}
