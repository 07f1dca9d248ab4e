import { fitFeatures, normalise } from '#learning/models/manifest.ts';
import type { Feature } from '#learning/models/manifest.ts';
import { COLUMNS, WINDOW } from '../features/columns.ts';
import type { Features } from '../features/features.ts';
import type { GraphFeatures } from '../features/graph.ts';
import type { Bucket, Room } from './buckets.ts';

/** Normalisers of every kind of row. */
export type Normalisers = Readonly<Record<keyof typeof COLUMNS, readonly Feature[]>>;

/** The rows of each kind in raw features. */
export const rowsOf: Readonly<Record<keyof typeof COLUMNS, (f: Features) => Float32Array>> = {
  services: (f) => f.services.nodes,
  calls: (f) => f.services.edges,
  vertices: (f) => f.topology.nodes,
  arcs: (f) => f.topology.edges,
  request: (f) => f.request,
  telemetry: (f) => f.telemetry,
  maps: (f) => f.maps,
};

/** Normalisers that bring these features to mean 0 and deviation 1, column by column. */
export function fitNormalisers(features: readonly Features[]): Normalisers {
  const fit = (kind: keyof typeof COLUMNS): Feature[] => {
    const parts = features.map(rowsOf[kind]);
    const all = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return fitFeatures(COLUMNS[kind], all);
  };
  return {
    services: fit('services'),
    calls: fit('calls'),
    vertices: fit('vertices'),
    arcs: fit('arcs'),
    request: fit('request'),
    telemetry: fit('telemetry'),
    maps: fit('maps'),
  };
}

/** Names of the arrays that `pack` makes: the encoder's inputs. */
export const graphInputs = (graph: 'services' | 'topology') =>
  ({
    nodes: `${graph}/nodes`,
    present: `${graph}/present`,
    edges: `${graph}/edges`,
    from: `${graph}/from`,
    to: `${graph}/to`,
    into: `${graph}/into`,
    outOf: `${graph}/outOf`,
  }) as const;

/** The input that holds the rows of each kind. */
export const INPUT_OF: Readonly<Record<keyof typeof COLUMNS, string>> = {
  services: graphInputs('services').nodes,
  calls: graphInputs('services').edges,
  vertices: graphInputs('topology').nodes,
  arcs: graphInputs('topology').edges,
  request: 'request',
  telemetry: 'telemetry',
  maps: 'maps',
};

/** A batch as the encoder is fed: padded to the bucket, normalised. `bucket` must hold each of them. */
export function pack(
  batch: readonly Features[],
  bucket: Bucket,
  normalisers: Normalisers,
): Record<string, Float32Array> {
  const row = COLUMNS.telemetry.length;
  const telemetry = new Float32Array(batch.length * WINDOW * row);
  const heard = new Float32Array(batch.length * WINDOW);
  for (const [b, features] of batch.entries()) {
    // The latest sample lies at the end; the window before the first one is silent.
    const silent = WINDOW - features.telemetry.length / row;
    telemetry.set(normalise(features.telemetry, normalisers.telemetry), (b * WINDOW + silent) * row);
    heard.fill(1, b * WINDOW + silent, (b + 1) * WINDOW);
  }
  return {
    ...packGraphs(
      'services',
      batch.map((f) => f.services),
      bucket.services,
      normalisers.services,
      normalisers.calls,
    ),
    ...packGraphs(
      'topology',
      batch.map((f) => f.topology),
      bucket.topology,
      normalisers.vertices,
      normalisers.arcs,
    ),
    request: joined(batch.map((f) => normalise(f.request, normalisers.request))),
    telemetry,
    heard,
    maps: joined(batch.map((f) => normalise(f.maps, normalisers.maps))),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const size = parts[0]?.length ?? 0;
  const result = new Float32Array(parts.length * size);
  for (const [i, part] of parts.entries()) result.set(part, i * size);
  return result;
}

/**
 * Graphs one after another in rows of the same count. An edge's weight is one over the number of edges that its end has, so that
 * a weighted sum is a mean; padding has weight 0.
 */
function packGraphs(
  kind: 'services' | 'topology',
  graphs: readonly GraphFeatures[],
  room: Room,
  nodeColumns: readonly Feature[],
  edgeColumns: readonly Feature[],
): Record<string, Float32Array> {
  const names = graphInputs(kind);
  const nodes = new Float32Array(graphs.length * room.nodes * nodeColumns.length);
  const edges = new Float32Array(graphs.length * room.edges * edgeColumns.length);
  const present = new Float32Array(graphs.length * room.nodes);
  const [from, to, into, outOf] = [0, 0, 0, 0].map(() => new Float32Array(graphs.length * room.edges)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const [g, graph] of graphs.entries()) {
    const [firstNode, firstEdge] = [g * room.nodes, g * room.edges];
    nodes.set(normalise(graph.nodes, nodeColumns), firstNode * nodeColumns.length);
    edges.set(normalise(graph.edges, edgeColumns), firstEdge * edgeColumns.length);
    present.fill(1, firstNode, firstNode + graph.nodes.length / nodeColumns.length);
    const [incoming, outgoing] = [new Float64Array(room.nodes), new Float64Array(room.nodes)];
    for (const v of graph.to) incoming[v] = (incoming[v] ?? 0) + 1;
    for (const v of graph.from) outgoing[v] = (outgoing[v] ?? 0) + 1;
    from.fill(firstNode, firstEdge, firstEdge + room.edges);
    to.fill(firstNode, firstEdge, firstEdge + room.edges);
    for (let e = 0; e < graph.from.length; e++) {
      const [a, b] = [graph.from[e] ?? 0, graph.to[e] ?? 0];
      from[firstEdge + e] = firstNode + a;
      to[firstEdge + e] = firstNode + b;
      into[firstEdge + e] = 1 / (incoming[b] ?? 1);
      outOf[firstEdge + e] = 1 / (outgoing[a] ?? 1);
    }
  }
  return {
    [names.nodes]: nodes,
    [names.present]: present,
    [names.edges]: edges,
    [names.from]: from,
    [names.to]: to,
    [names.into]: into,
    // Links are there both ways already: nothing listens against them.
    ...(kind === 'services' ? { [names.outOf]: outOf } : {}),
  };
}
