import { add, div, mul, relu, sqrt } from '#learning/ir/elementwise.ts';
import { concat } from '#learning/ir/layout.ts';
import { sum } from '#learning/ir/reduce.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import { dense, layerNorm, mlp } from '#learning/layers/dense.ts';
import type { Parameters } from '#learning/parameters.ts';
import { COLUMNS } from '../features/columns.ts';
import type { Bucket } from './buckets.ts';
import { graphSage } from './graph-sage.ts';
import { mapVit } from './map-vit.ts';
import { telemetryTcn } from './telemetry-tcn.ts';

/** Name and shape of the network; part of the version of every vector. Change it with the network. */
export const ARCHITECTURE = 'sage-tcn-vit-1';

/** Numbers in z. */
export const DIMENSION = 128;

const GRAPH_UNITS = 32;
const TELEMETRY_UNITS = 24;
const MAP_UNITS = 24;
const REQUEST_UNITS = 32;

/** z [batch, 128] of length 1: every modality encoded, side by side, and projected (paper, "Modality-specific encoders"). */
export function encoderNetwork(
  parameters: Parameters,
  batch: number,
  { services, topology }: Bucket,
): Tensor {
  const parts = [
    graphSage(parameters, {
      graph: 'services',
      batch,
      room: services,
      width: COLUMNS.services.length,
      edgeWidth: COLUMNS.calls.length,
      units: GRAPH_UNITS,
      hops: 3,
      bothWays: true,
    }),
    graphSage(parameters, {
      graph: 'topology',
      batch,
      room: topology,
      width: COLUMNS.vertices.length,
      edgeWidth: COLUMNS.arcs.length,
      units: GRAPH_UNITS,
      hops: 3,
      bothWays: false,
    }),
    telemetryTcn(parameters, batch, TELEMETRY_UNITS),
    mapVit(parameters, batch, { units: MAP_UNITS, heads: 2, blocks: 2 }),
    relu(dense(parameters, 'request', input('request', [batch, COLUMNS.request.length]), REQUEST_UNITS)),
  ];
  const joined = layerNorm(parameters, 'joined', concat(parts, 1));
  const z = dense(
    parameters,
    'project/1',
    relu(dense(parameters, 'project/0', joined, DIMENSION)),
    DIMENSION,
  );
  return div(z, sqrt(add(sum(mul(z, z), [1], true), 1e-12)));
}

/** What is predicted of the next while: standardised log latency, logit of the violated share, standardised busy share. [batch, 3]. */
export function outcomeHeads(parameters: Parameters, z: Tensor): Tensor {
  // Entries of a unit vector are small; scaled up they are of order 1 again.
  const hidden = mlp(parameters, 'outcome', mul(z, Math.sqrt(DIMENSION)), [64], relu);
  return dense(parameters, 'outcome/out', hidden, 3);
}
