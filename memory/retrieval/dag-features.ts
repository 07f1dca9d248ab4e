import type { TraceDag } from '#memory/trace/trace.ts';
import { cpuScale, memoryScale, payloadScale, replicaScale, workScale } from './scales.ts';

/** Entries of a service's vector. */
export const SERVICE_WIDTH = 6;

/** A service graph in numbers: made once for a query, once for each candidate. */
export interface DagFeatures {
  readonly count: number;
  /** Work, processor, memory, replicas, payload in, payload out: `service * SERVICE_WIDTH + entry`, each about 0 to 1. */
  readonly services: Float64Array;
  readonly index: ReadonlyMap<string, number>;
  /** `from * count + to` → payload as a logarithm plus 1; 0 where there is no call. */
  readonly calls: Float64Array;
  readonly callCount: number;
  /** Services of each call, in the order of the graph's calls. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Calls that come in and go out of each service; several between the same two count once. */
  readonly ins: Int32Array;
  readonly outs: Int32Array;
  /** Requests per second of all its ways in. */
  readonly requestsPerSecond: number;
}

/** Numbers of a service graph. */
export function dagFeatures(dag: TraceDag): DagFeatures {
  const count = dag.services.length;
  const index = new Map<string, number>();
  const services = new Float64Array(count * SERVICE_WIDTH);
  for (let i = 0; i < count; i++) {
    const s = dag.services[i];
    if (s === undefined) continue;
    index.set(s.name, i);
    const at = i * SERVICE_WIDTH;
    services[at] = workScale(s.work);
    services[at + 1] = cpuScale(s.cpuMilli);
    services[at + 2] = memoryScale(s.memoryBytes);
    services[at + 3] = replicaScale(s.replicas);
  }
  const calls = new Float64Array(count * count);
  const from = new Int32Array(dag.calls.length);
  const to = new Int32Array(dag.calls.length);
  const ins = new Int32Array(count);
  const outs = new Int32Array(count);
  for (let e = 0; e < dag.calls.length; e++) {
    const c = dag.calls[e];
    if (c === undefined) continue;
    const a = (from[e] = index.get(c.from) ?? 0);
    const b = (to[e] = index.get(c.to) ?? 0);
    const payload = payloadScale(c.payloadBytes);
    if (calls[a * count + b] === 0) {
      outs[a] = (outs[a] ?? 0) + 1;
      ins[b] = (ins[b] ?? 0) + 1;
    }
    calls[a * count + b] = 1 + payload;
    services[a * SERVICE_WIDTH + 5] = (services[a * SERVICE_WIDTH + 5] ?? 0) + payload / 4;
    services[b * SERVICE_WIDTH + 4] = (services[b * SERVICE_WIDTH + 4] ?? 0) + payload / 4;
  }
  const requestsPerSecond = dag.ingress.reduce((sum, i) => sum + i.requestsPerSecond, 0);
  return {
    count,
    services,
    index,
    calls,
    callCount: dag.calls.length,
    from,
    to,
    ins,
    outs,
    requestsPerSecond,
  };
}
