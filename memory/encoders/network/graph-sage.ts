import { add, div, mul, relu } from '#learning/ir/elementwise.ts';
import { gather, scatterAdd } from '#learning/ir/gather.ts';
import { concat, reshape } from '#learning/ir/layout.ts';
import { reduceMax, sum } from '#learning/ir/reduce.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import { dense, layerNorm } from '#learning/layers/dense.ts';
import type { Parameters } from '#learning/parameters.ts';
import type { Room } from './buckets.ts';
import { graphInputs } from './pack.ts';

/** How a graph is encoded. */
export interface SageOptions {
  readonly graph: 'services' | 'topology';
  readonly batch: number;
  readonly room: Room;
  /** Columns of nodes and edges. */
  readonly width: number;
  readonly edgeWidth: number;
  readonly units: number;
  /** How far a node hears. */
  readonly hops: number;
  /** Listen along edges as well as against them, with weights of their own; links are there both ways already. */
  readonly bothWays: boolean;
}

/**
 * GraphSAGE with the mean aggregator (Hamilton et al., 2017): h' = ReLU(LN(W h + U mean over neighbours of [h ‖ edge])), `hops` times; then
 * mean and maximum over the nodes, so that their order does not matter. Returns [batch, 2·units].
 */
export function graphSage(parameters: Parameters, options: SageOptions): Tensor {
  const { graph, batch, room, width, edgeWidth, units, hops, bothWays } = options;
  const names = graphInputs(graph);
  const [rows, links] = [batch * room.nodes, batch * room.edges];
  const present = input(names.present, [rows, 1]);
  const edges = input(names.edges, [links, edgeWidth]);
  const [from, to] = [input(names.from, [links]), input(names.to, [links])];
  const into = input(names.into, [links, 1]);
  const outOf = bothWays ? input(names.outOf, [links, 1]) : undefined;
  const mean = (h: Tensor, near: Tensor, at: Tensor, weight: Tensor): Tensor =>
    scatterAdd(mul(concat([gather(h, near), edges], 1), weight), at, rows);
  let h = input(names.nodes, [rows, width]);
  for (let hop = 0; hop < hops; hop++) {
    const name = `${graph}/${hop}`;
    let next = add(
      dense(parameters, `${name}/self`, h, units),
      dense(parameters, `${name}/callers`, mean(h, from, to, into), units),
    );
    if (outOf !== undefined)
      next = add(next, dense(parameters, `${name}/callees`, mean(h, to, from, outOf), units));
    h = mul(relu(layerNorm(parameters, `${name}/norm`, next)), present);
  }
  const nodes = reshape(h, [batch, room.nodes, units]);
  const count = sum(reshape(present, [batch, room.nodes]), [1], true);
  // After ReLU nothing is below 0, so absent nodes (all zero) do not raise the maximum.
  return concat([div(sum(nodes, [1]), count), reduceMax(nodes, [1])], 1);
}
