import { durationMicros, quantity } from '#crds/quantity.ts';
import { queueWait } from '#world/queueing.ts';
import type { ClassSpec } from '../schema/applications.ts';
import type { CitySpec } from '../schema/city.ts';
import type { CallGraph } from './graph.ts';

/** Service time of each stage in microseconds on a server of middle speed, and its replicas at the start. */
export interface Sized {
  readonly micros: number;
  readonly replicas: number;
}

const middle = ([a, b]: readonly [number, number]): number => (a + b) / 2;

/** Million instructions per second of one vCPU of a server of middle speed. */
export const middleMips = (city: CitySpec): number => middle(city.mipsPerCpu);

/** So many replicas that none is busy for more than the class's load, at `rate` requests/s. */
export function replicasFor({ replicas }: ClassSpec, rate: number, micros: number): number {
  if (replicas.load === undefined) return replicas.min;
  return Math.min(256, Math.max(replicas.min, Math.ceil((rate * micros) / 1e6 / replicas.load)));
}

/** Microseconds of a hop from one server to another through their gateway, `bytes` large. */
function hop(city: CitySpec, bytes: number): number {
  const [slowest, fastest] = city.links.access;
  const bandwidth = (quantity(slowest) + quantity(fastest)) / 2;
  return 2 * durationMicros(city.links.accessSwitch) + (bytes * 8e6) / bandwidth;
}

/**
 * Latency in microseconds of a plan that keeps an application at its users: radio, one hop to the entry, and the longest way
 * through the graph on servers of middle speed with their queues at `rate`, one hop for every second call.
 */
export function localLatency(
  graph: CallGraph,
  sized: ReadonlyMap<string, Sized>,
  visits: ReadonlyMap<string, number>,
  spec: ClassSpec,
  city: CitySpec,
  rate: number,
): number {
  const band = city.bands.find(({ name }) => name === spec.band);
  const payload = quantity(spec.payload);
  const radio =
    band === undefined ? 0 : durationMicros(band.latency) + (payload * 8e6) / quantity(band.bandwidth);
  const [least, most] = spec.messages;
  const call = hop(city, (quantity(least) + quantity(most)) / 2) / 2;
  const longest = new Map<string, number>();
  let end = 0;
  for (const { name } of graph.stages) {
    const { micros, replicas } = sized.get(name) ?? { micros: 0, replicas: 1 };
    const wait = queueWait((rate * (visits.get(name) ?? 1)) / replicas, micros);
    const before = graph.edges
      .filter(({ to }) => to === name)
      .map(({ from }) => (longest.get(from) ?? 0) + call);
    const at = Math.max(0, ...before) + micros + wait;
    longest.set(name, at);
    end = Math.max(end, at);
  }
  return radio + hop(city, payload) + end;
}
