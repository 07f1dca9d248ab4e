import type { Instance } from './instance.ts';
import { arcsOf, paretoLabels, quickest, transmission } from './paths.ts';
import { leftBy } from './routing.ts';
import type { PairRoute } from './routing.ts';

/** The way of one ingress region's requests to one replica of an entry service. */
export interface WayIn {
  readonly ingress: number;
  readonly task: number;
  readonly host: number;
  readonly arcs: readonly number[];
  /** Radio + transfer over what all edges leave, microseconds; Infinity where no way leads. */
  readonly time: number;
  readonly variance: number;
}

/** Ways from every ingress region to every replica of every entry service, beside the reservations of the routes. */
export function waysIn(instance: Instance, assign: Int32Array, routes: readonly PairRoute[]): WayIn[] {
  const { usable, services, ingress, paths } = instance;
  const reserves = routes.some(({ pieces }) => pieces.some(({ bps }) => bps > 0));
  const seen = reserves ? { ...usable, free: leftBy(instance, routes) } : usable;
  return ingress.flatMap((entry, g) => {
    const labels = reserves ? paretoLabels(seen, entry.vertex) : paths.labels(entry.vertex);
    return services.flatMap((service) =>
      !service.entry
        ? []
        : Array.from({ length: service.replicas }, (_, r): WayIn => {
            const task = service.firstTask + r;
            const host = assign[task] ?? 0;
            const label = quickest(labels[host] ?? [], entry.payloadBytes, 0);
            const arcs = arcsOf(label);
            const transfer =
              label === undefined
                ? Infinity
                : label.latency + transmission(entry.payloadBytes, label.bandwidth);
            const variance = arcs.reduce((sum, arc) => sum + (usable.graph.jitter[arc] ?? 0) ** 2, 0);
            return {
              ingress: g,
              task,
              host,
              arcs,
              time: entry.radio + transfer,
              variance: entry.radioVariance + variance,
            };
          }),
    );
  });
}
