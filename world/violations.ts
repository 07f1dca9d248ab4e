import { formatMicros } from '#crds/quantity.ts';
import type { Outcome } from './cost.ts';
import type { Instance } from './instance.ts';
import { withinLimit } from './path-table.ts';
import type { Violation } from './prediction.ts';
import type { PairRoute } from './routing.ts';

/** One kind of limit, checked over a whole placement; the list reads as architecture section 5 does. */
type Check = (context: Context) => Violation[];

interface Context {
  readonly instance: Instance;
  readonly assign: Int32Array;
  readonly pairs: readonly PairRoute[];
  readonly times: readonly number[][];
  readonly outcome: Outcome;
}

const objectOf = (instance: Instance): string => `ServiceDAG ${instance.key}`;

/** A replica must stand on a host that passes its checks. */
const hostFits: Check = ({ instance, assign }) =>
  instance.services
    .filter((s) => s.hosts.length === 0)
    .filter((s) => assign.length > s.firstTask)
    .map((s) => noHost(instance, s.name));

/** Sum of everything on a host within its allocatable, resource by resource. */
const capacity: Check = ({ instance, assign }) => {
  const { snapshot, services, serviceOf, free } = instance;
  const width = snapshot.resources.length;
  const extra = new Map<number, number[]>();
  for (const [t, host] of assign.entries()) extra.set(host, [...(extra.get(host) ?? []), t]);
  return [...extra].flatMap(([host, tasks]) =>
    snapshot.resources.flatMap((resource, r) => {
      const asked = tasks.reduce((sum, t) => sum + (services[serviceOf[t] ?? 0]?.request[r] ?? 0), 0);
      const room = free[host * width + r] ?? 0;
      if (asked === 0 || asked <= room) return [];
      const heaviest = tasks
        .map((t) => services[serviceOf[t] ?? 0])
        .toSorted((a, b) => (b?.request[r] ?? 0) - (a?.request[r] ?? 0))[0];
      return [
        {
          constraint: `microservices[${heaviest?.name}].template.spec.containers.resources.requests.${resource}`,
          limit: room,
          value: asked,
          object: objectOf(instance),
          message: `${resource}: ${asked} asked on node ${snapshot.hosts[host]?.name}, ${Math.max(0, room)} free (${resource === 'cpu' ? 'milli-CPU' : 'base units'}): add nodes or lower the requests`,
          hard: true,
        },
      ];
    }),
  );
};

/** Every pair of replicas has a way with room for its flow. */
const reachable: Check = ({ instance, pairs }) => {
  const seen = new Set<number>();
  return pairs.flatMap((pair) => {
    if (pair.pieces.length > 0 || seen.has(pair.edge.index)) return [];
    seen.add(pair.edge.index);
    const { hosts } = instance.snapshot;
    const ends = `${hosts[pair.from]?.name} and ${hosts[pair.to]?.name}`;
    const widest = Math.max(0, ...(instance.paths.labels(pair.from)[pair.to] ?? []).map((l) => l.bandwidth));
    const edge = `edges[${pair.edge.from}→${pair.edge.to}]`;
    const constraint = widest > 0 ? `${edge}.minBandwidth` : edge;
    const message =
      widest > 0
        ? `${pair.edge.from}→${pair.edge.to} needs ${Math.ceil(pair.bps)} bit/s between ${ends}; the widest way has ${Math.floor(widest)} free: widen a link or lower minBandwidth, the payload or the rate`
        : `no way connects ${ends}: add a link between their regions`;
    return [
      {
        constraint,
        limit: Math.floor(widest),
        value: Math.ceil(pair.bps),
        object: objectOf(instance),
        message,
        hard: true,
      },
    ];
  });
};

/** A per-edge limit bounds the whole transfer on every path. */
const edgeLatency: Check = ({ instance, pairs, times }) =>
  instance.edges.flatMap((edge) => {
    const worst = Math.max(
      0,
      ...pairs.flatMap((pair, p) => (pair.edge.index === edge.index ? (times[p] ?? []) : [])),
    );
    if (withinLimit(worst, edge.maxLatency)) return [];
    return [
      {
        constraint: `edges[${edge.from}→${edge.to}].maxLatency`,
        limit: Math.round(edge.maxLatency),
        value: Math.round(worst),
        object: objectOf(instance),
        message: `the transfer takes ${formatMicros(Math.round(worst))}, the limit is ${formatMicros(Math.round(edge.maxLatency))}`,
        hard: true,
      },
    ];
  });

/** Requests of every ingress region reach every entry service. */
const accessible: Check = ({ instance, assign }) =>
  instance.ingress.flatMap((entry) =>
    instance.services
      .filter((service) => service.entry)
      .filter((service) => {
        const host = assign[service.firstTask];
        return host !== undefined && (instance.paths.labels(entry.vertex)[host] ?? []).length === 0;
      })
      .map((service) => ({
        constraint: `ingress[${entry.region}]`,
        limit: 0,
        value: 0,
        object: objectOf(instance),
        message: `no way leads from region ${entry.region} to ${service.name}: add a link between the regions`,
        hard: true,
      })),
  );

/** The four QoS limits: hard under `Required`, reported under `Preferred`. */
const qos: Check = ({ instance, outcome }) => {
  const { required } = instance.qos;
  const time = (constraint: string, limit: number, value: number): Violation[] =>
    withinLimit(value, limit)
      ? []
      : [
          {
            constraint: `qos.${constraint}`,
            limit: Math.round(limit),
            value: Number.isFinite(value) ? Math.round(value) : Number.MAX_SAFE_INTEGER,
            object: objectOf(instance),
            message: `predicted ${Number.isFinite(value) ? formatMicros(Math.round(value)) : 'no answer'}, the limit is ${formatMicros(Math.round(limit))}`,
            hard: required,
          },
        ];
  const short = outcome.success < instance.qos.minSuccess * (1 - 1e-9);
  return [
    ...time('maxLatency', instance.qos.maxLatency, outcome.latency),
    ...time('maxJitter', instance.qos.maxJitter, outcome.jitter),
    ...time('maxSync', instance.qos.maxSync, outcome.sync),
    ...(short
      ? [
          {
            constraint: 'qos.minSuccess',
            limit: Math.round(instance.qos.minSuccess * 1e6),
            value: Math.round(outcome.success * 1e6),
            object: objectOf(instance),
            message: `predicted success ${outcome.success.toFixed(6)}, at least ${instance.qos.minSuccess} is asked`,
            hard: required,
          },
        ]
      : []),
  ];
};

/** Checked and reported in this order. */
export const checks: readonly Check[] = [hostFits, capacity, reachable, edgeLatency, accessible, qos];

/** Every limit the placement breaks, hard ones first. */
export function violationsOf(
  instance: Instance,
  assign: Int32Array,
  pairs: readonly PairRoute[],
  times: readonly number[][],
  outcome: Outcome,
): Violation[] {
  const found = checks.flatMap((check) => check({ instance, assign, pairs, times, outcome }));
  return found.toSorted((a, b) => Number(b.hard) - Number(a.hard));
}

/** Why no host at all takes a replica of a service: the check that shuts out most hosts names the field. */
export function noHost(instance: Instance, name: string): Violation {
  const service = instance.services.find((s) => s.name === name);
  const reasons = [...(service?.excluded ?? [])].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const total = instance.snapshot.hosts.length;
  const first = reasons[0]?.[0] ?? 'node';
  const constraint =
    first === 'slice' || first.startsWith('node') ? first : `microservices[${name}].${first}`;
  const parts = reasons.map(([reason, count]) => `${count} by ${reason}`).join(', ');
  return {
    constraint: total === 0 ? 'nodes' : constraint,
    limit: 0,
    value: 0,
    object: objectOf(instance),
    message:
      total === 0
        ? `no node belongs to any region: label nodes for an EdgeRegion's nodeSelector`
        : `none of ${total} nodes can run ${name}: excluded ${parts}`,
    hard: true,
  };
}
