import { wants } from './shape.ts';
import type { Shape } from './shape.ts';
import { inOrder } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** A tensor that goes in or comes out by name. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
}

/** A computation with names at its edges: what executors compile and what is written as ONNX. */
export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** In the order of `outputs`. */
  readonly results: readonly Tensor[];
}

/** The graph that computes these outputs. Its inputs are those that the outputs need, in the order in which they are needed. */
export function graphOf(outputs: Readonly<Record<string, Tensor>>): Graph {
  const results = Object.values(outputs);
  const byName = new Map<string, Tensor>();
  for (const tensor of inOrder(results)) {
    if (tensor.input === undefined) continue;
    const known = byName.get(tensor.input);
    wants(known === undefined || known === tensor, 'Graph', `two inputs are named "${tensor.input}"`);
    byName.set(tensor.input, tensor);
  }
  for (const name of Object.keys(outputs))
    wants(
      !byName.has(name) && !name.startsWith('#'),
      'Graph',
      `output "${name}" has the name of an input, or starts with #`,
    );
  return {
    inputs: [...byName].map(([name, { shape }]) => ({ name, shape })),
    outputs: Object.entries(outputs).map(([name, { shape }]) => ({ name, shape })),
    results,
  };
}
