import { gradients } from '../ir/gradient.ts';
import { graphOf } from '../ir/graph.ts';
import type { Graph } from '../ir/graph.ts';
import { sizeOf } from '../ir/shape.ts';
import { input } from '../ir/tensor.ts';
import type { Tensor } from '../ir/tensor.ts';
import { clipByGlobalNorm, globalNorm } from '../optimisers/clip.ts';
import { LEARNING_RATE } from '../optimisers/optimiser.ts';
import type { Optimiser } from '../optimisers/optimiser.ts';

/** What a step minimises and reports. */
export interface Objective {
  readonly loss: Tensor;
  /** The named inputs to learn. */
  readonly parameters: readonly Tensor[];
  readonly optimiser: Optimiser;
  /** Bound on the norm of all gradients together; none when absent. */
  readonly maxNorm?: number;
  /** Further tensors to report, by name; they must not be named `loss` or `gradientNorm`. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** Something a step carries over to the next: fed as `name`, given back as `next`. */
export interface Carried {
  readonly name: string;
  readonly next: string;
  readonly size: number;
  /** A parameter's value, or an optimiser's memory (which starts at zero). */
  readonly kind: 'parameter' | 'slot';
}

/** Forward, backward and update as one graph. */
export interface TrainStep {
  readonly graph: Graph;
  readonly carried: readonly Carried[];
  /** Names of the inputs that are data. */
  readonly data: readonly string[];
  readonly scalars: Optimiser['scalars'];
}

/** The graph of one training step: `loss`, `gradientNorm` (before clipping), the metrics, and everything carried. */
export function trainStep({ loss, parameters, optimiser, maxNorm, metrics = {} }: Objective): TrainStep {
  const raw = gradients(loss, parameters);
  const { gradients: used, norm } =
    maxNorm === undefined ? { gradients: raw, norm: globalNorm(raw) } : clipByGlobalNorm(raw, maxNorm);
  const scalarNames = [LEARNING_RATE, ...Object.keys(optimiser.scalars(1))];
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, input(name, [])]));
  const outputs: Record<string, Tensor> = { loss, gradientNorm: norm, ...metrics };
  const carried: Carried[] = [];
  const carry = (name: string, kind: Carried['kind'], before: Tensor, after: Tensor): void => {
    outputs[`${name}'`] = after;
    carried.push({ name, next: `${name}'`, size: sizeOf(before.shape), kind });
  };
  for (const [i, parameter] of parameters.entries()) {
    const name = parameter.input ?? '';
    const slots = optimiser.slots.map((slot) => input(`${name}:${slot}`, parameter.shape));
    const next = optimiser.update(parameter, used[i] ?? parameter, slots, scalars);
    carry(name, 'parameter', parameter, next.parameter);
    for (const [s, slot] of slots.entries()) carry(slot.input ?? '', 'slot', slot, next.slots[s] ?? slot);
  }
  const graph = graphOf(outputs);
  const own = new Set([...scalarNames, ...carried.map((c) => c.name)]);
  return {
    graph,
    carried,
    data: graph.inputs.map((port) => port.name).filter((name) => !own.has(name)),
    scalars: optimiser.scalars,
  };
}
