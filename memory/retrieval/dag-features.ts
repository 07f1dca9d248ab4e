import type { TraceDag } from '#memory/trace/trace.ts';

/** Logarithm of a size, 1 at `scale`: what doubles differs by the same wherever it is. */
const logOf = (value: number, scale: number): number => Math.log1p(value) / Math.log1p(scale);

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
}

/** Numbers of a service graph. */
export function dagFeatures(dag: TraceDag): DagFeatures {
  const count = dag.services.length;
  const index = new Map(dag.services.map((s, i) => [s.name, i]));
  const services = new Float64Array(count * SERVICE_WIDTH);
  for (const [i, s] of dag.services.entries()) {
    services.set(
      [logOf(s.work, 1e9), logOf(s.cpuMilli, 32_000), logOf(s.memoryBytes, 2 ** 36), logOf(s.replicas, 16)],
      i * SERVICE_WIDTH,
    );
  }
  const calls = new Float64Array(count * count);
  for (const c of dag.calls) {
    const from = index.get(c.from) ?? 0;
    const to = index.get(c.to) ?? 0;
    const payload = logOf(c.payloadBytes, 1e8);
    calls[from * count + to] = 1 + payload;
    services[from * SERVICE_WIDTH + 5] = (services[from * SERVICE_WIDTH + 5] ?? 0) + payload / 4;
    services[to * SERVICE_WIDTH + 4] = (services[to * SERVICE_WIDTH + 4] ?? 0) + payload / 4;
  }
  return { count, services, index, calls, callCount: dag.calls.length };
}
