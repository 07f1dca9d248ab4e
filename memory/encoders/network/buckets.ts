import { COLUMNS } from '../features/columns.ts';
import type { Features } from '../features/features.ts';
import type { GraphFeatures } from '../features/graph.ts';
import { MOST_ARCS, MOST_VERTICES } from '../features/topology.ts';

/** Room for a graph: graphs are padded to the least room that holds them, since compiled shapes are fixed. */
export interface Room {
  readonly nodes: number;
  readonly edges: number;
}

/** Rooms for both graphs. */
export interface Bucket {
  readonly services: Room;
  readonly topology: Room;
}

const SERVICE_ROOMS: readonly Room[] = [
  { nodes: 24, edges: 64 },
  { nodes: 64, edges: 256 },
];
const TOPOLOGY_ROOMS: readonly Room[] = [
  { nodes: 48, edges: 160 },
  { nodes: 256, edges: 1024 },
  { nodes: 1024, edges: 4096 },
  { nodes: MOST_VERTICES, edges: MOST_ARCS },
];

function roomFor(
  rooms: readonly Room[],
  { nodes, edges }: GraphFeatures,
  columns: readonly string[],
  calls: readonly string[],
): Room {
  const [n, e] = [nodes.length / columns.length, edges.length / calls.length];
  const room = rooms.find((r) => n <= r.nodes && e <= r.edges);
  if (room === undefined)
    throw new RangeError(`a graph of ${n} nodes and ${e} edges is larger than every bucket`);
  return room;
}

/** The least bucket that holds all of these. Throws `RangeError` for a graph beyond the CRDs' limits. */
export function bucketFor(features: readonly Features[]): Bucket {
  const largest = (rooms: readonly Room[]): Room =>
    rooms.toSorted((a, b) => b.nodes - a.nodes)[0] ?? { nodes: 1, edges: 1 };
  return {
    services: largest(
      features.map((f) => roomFor(SERVICE_ROOMS, f.services, COLUMNS.services, COLUMNS.calls)),
    ),
    topology: largest(
      features.map((f) => roomFor(TOPOLOGY_ROOMS, f.topology, COLUMNS.vertices, COLUMNS.arcs)),
    ),
  };
}

/** A bucket as one word. */
export const bucketKey = ({ services, topology }: Bucket): string =>
  `${services.nodes}/${services.edges}/${topology.nodes}/${topology.edges}`;

/** What the stored file is compiled for. */
export const smallestBucket: Bucket = {
  services: SERVICE_ROOMS[0] ?? { nodes: 1, edges: 1 },
  topology: TOPOLOGY_ROOMS[0] ?? { nodes: 1, edges: 1 },
};
