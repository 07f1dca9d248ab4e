import { assign } from './assignment.ts';
import { SERVICE_WIDTH } from './dag-features.ts';
import type { DagFeatures } from './dag-features.ts';

/** Cost of a service or call that only one of the graphs has. */
const SERVICE_COST = 1;
const CALL_COST = 0.5;

/** How two service graphs match. */
export interface Match {
  /** 1: nothing to edit; 0: nothing in common. */
  readonly similarity: number;
  /** Cost of the edits that the match implies, an upper bound of the edit distance. */
  readonly distance: number;
  /** Service of the other graph for each service; -1: deleted. */
  readonly mapped: Int32Array;
}

/**
 * Bipartite approximation of graph edit distance (Riesen and Bunke 2009, in the square form of Serratosa 2014): services are
 * assigned by their features and by how many calls go in and out; then the edits of services and calls that this implies are
 * counted exactly. Symmetric costs; identical graphs have distance 0.
 */
export function matchDags(a: DagFeatures, b: DagFeatures): Match {
  const size = Math.max(a.count, b.count);
  const cost = room(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      cost[i * size + j] =
        i < a.count && j < b.count
          ? Math.min(2 * SERVICE_COST, serviceCost(a, i, b, j) + degreeCost(a, i, b, j))
          : SERVICE_COST + CALL_COST * (i < a.count ? incident(a, i) : incident(b, j)) * 0.5;
    }
  }
  const columns = assign(cost, size);
  const mapped = new Int32Array(a.count);
  for (let i = 0; i < a.count; i++) {
    const j = columns[i] ?? -1;
    // A match that costs as much as deleting and inserting is none.
    mapped[i] = j < b.count && serviceCost(a, i, b, j) < 2 * SERVICE_COST ? j : -1;
  }
  const distance = editCost(a, b, mapped);
  const most = SERVICE_COST * (a.count + b.count) + CALL_COST * (a.callCount + b.callCount);
  return { similarity: Math.max(0, 1 - distance / most), distance, mapped };
}

/** Edits that a match implies: services, then calls between them. */
function editCost(a: DagFeatures, b: DagFeatures, mapped: Int32Array): number {
  let distance = 0;
  let matched = 0;
  for (let i = 0; i < mapped.length; i++) {
    const j = mapped[i] ?? -1;
    if (j < 0) distance += SERVICE_COST;
    else {
      distance += serviceCost(a, i, b, j);
      matched++;
    }
  }
  distance += SERVICE_COST * (b.count - matched);
  let kept = 0;
  for (let i = 0; i < a.count; i++) {
    if (a.outs[i] === 0) continue;
    const from = mapped[i] ?? -1;
    for (let k = 0; k < a.count; k++) {
      const call = a.calls[i * a.count + k] ?? 0;
      if (call === 0) continue;
      const to = mapped[k] ?? -1;
      const other = from < 0 || to < 0 ? 0 : (b.calls[from * b.count + to] ?? 0);
      if (other === 0) distance += CALL_COST;
      else {
        kept++;
        distance += CALL_COST * Math.min(1, Math.abs(call - other));
      }
    }
  }
  return distance + CALL_COST * (b.callCount - kept);
}

/** Distance of two services' features, at most 2: what deleting one and inserting the other costs. */
function serviceCost(a: DagFeatures, i: number, b: DagFeatures, j: number): number {
  let sum = 0;
  for (let f = 0; f < SERVICE_WIDTH; f++) {
    sum += Math.abs((a.services[i * SERVICE_WIDTH + f] ?? 0) - (b.services[j * SERVICE_WIDTH + f] ?? 0));
  }
  return Math.min(2 * SERVICE_COST, sum);
}

const incident = (d: DagFeatures, i: number): number => (d.ins[i] ?? 0) + (d.outs[i] ?? 0);

/** Calls that cannot be matched around two services, each counted half: its other end counts it too. */
const degreeCost = (a: DagFeatures, i: number, b: DagFeatures, j: number): number =>
  0.5 *
  CALL_COST *
  (Math.abs((a.ins[i] ?? 0) - (b.ins[j] ?? 0)) + Math.abs((a.outs[i] ?? 0) - (b.outs[j] ?? 0)));

let scratch = new Float64Array(64);

/** Numbers to write on, the same again and again: a query needs 64 matrices and keeps none. */
function room(size: number): Float64Array {
  if (scratch.length < size) scratch = new Float64Array(2 * size);
  return scratch;
}
