import type { Trace } from './trace.ts';

const HOUR_MS = 3_600_000;

/**
 * What another tenant may see of a shareable trace: the shape of the graph, where it ran and how it went. Names of the
 * application, its tenant, its users' load, its window, vector and history are gone; the time is rounded down to the hour.
 */
export function withoutMetadata(trace: Trace): Trace {
  const alias = new Map(trace.dag.services.map((s, i) => [s.name, `service-${i}`]));
  const hidden = (name: string): string => alias.get(name) ?? 'service';
  const { replanOf: _history, context: _seen, ...kept } = trace;
  return {
    ...kept,
    tenant: 'another',
    slice: 'another',
    policy: 'another',
    window: 0,
    createdMs: Math.floor(trace.createdMs / HOUR_MS) * HOUR_MS,
    rollout: [],
    vector: new Float32Array(0),
    dag: {
      ...trace.dag,
      name: 'another/dag',
      services: trace.dag.services.map((s) => ({ ...s, name: hidden(s.name) })),
      calls: trace.dag.calls.map((c) => ({ ...c, from: hidden(c.from), to: hidden(c.to) })),
      ingress: [],
    },
    map: {
      nodes: trace.map.nodes,
      placements: trace.map.placements.map((p) => ({ ...p, service: hidden(p.service) })),
      routes: trace.map.routes.map((r) => ({ ...r, from: hidden(r.from), to: hidden(r.to) })),
    },
  };
}
