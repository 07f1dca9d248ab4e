import { formatMicros } from '#crds/quantity.ts';
import type { Outcome } from './cost.ts';
import type { Instance } from './instance.ts';
import { withinLimit } from './path-table.ts';
import type { Violation } from './prediction.ts';
import { failedCheck } from './feasibility.ts';
import { paretoLabels } from './paths.ts';
import { whole } from './report.ts';
import { leftBy } from './routing.ts';
import type { PairRoute, WayIn } from './routing.ts';
import { sliceOf } from './service.ts';

/** One kind of limit, checked over a whole placement; the list reads as architecture section 5 does. */
type Check = (context: Context) => Violation[];

/** A routed placement with what is predicted of it. */
export interface Context {
  readonly instance: Instance;
  readonly assign: Int32Array;
  readonly pairs: readonly PairRoute[];
  readonly times: readonly number[][];
  readonly entries: readonly WayIn[];
  readonly outcome: Outcome;
}

const micros = (value: number): string => (value === Infinity ? 'forever' : formatMicros(Math.round(value)));

const objectOf = (instance: Instance): string => `ServiceDAG ${instance.key}`;

/** Where in the DAG, or on the node, a host check looks. */
const constraintOf = (service: string, check: string): string =>
  check === 'slice' || check.startsWith('node') ? check : `microservices[${service}].${check}`;

/** As many replicas as the DAG allows. */
const replicaLimits: Check = ({ instance }) =>
  instance.services
    .filter(({ replicas, min, max }) => replicas < min || replicas > max)
    .map(({ name, replicas, min, max }) => ({
      constraint: `microservices[${name}].replicas`,
      limit: replicas < min ? min : max,
      value: replicas,
      object: objectOf(instance),
      message: `${replicas} replicas of ${name}, ${min} to ${max} are allowed`,
      hard: true,
    }));

/** Every replica stands on a host that takes it; where it runs already it may stay although nothing new may come. */
const hostFits: Check = ({ instance, assign }) => {
  const { services, serviceOf, snapshot, dag } = instance;
  const slice = sliceOf(dag);
  const seen = new Set<string>();
  return [...assign].flatMap((h, t) => {
    const service = services[serviceOf[t] ?? 0];
    const host = snapshot.hosts[h];
    if (service === undefined || host === undefined || seen.has(`${service.name}/${h}`)) return [];
    seen.add(`${service.name}/${h}`);
    const failed = failedCheck({ host, slice, template: service.template }, service.running.has(h));
    if (failed === undefined) return [];
    return [
      {
        constraint: constraintOf(service.name, failed.constraint),
        limit: 0,
        value: 0,
        object: objectOf(instance),
        message: `node ${host.name} cannot run ${service.name}: ${failed.constraint} keeps it out`,
        hard: true,
      },
    ];
  });
};

/** Sum of everything on a host within its allocatable, resource by resource. */
const capacity: Check = ({ instance, assign }) => {
  const { snapshot, services, serviceOf, free } = instance;
  const width = snapshot.resources.length;
  const extra = new Map<number, number[]>();
  for (const [t, host] of assign.entries()) {
    const there = extra.get(host);
    if (there === undefined) extra.set(host, [t]);
    else there.push(t);
  }
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
    const left = paretoLabels({ ...instance.usable, free: leftBy(instance, pairs) }, pair.from)[pair.to];
    const widest = left?.reduce((most, label) => Math.max(most, label.bandwidth), 0);
    const ends = `${hosts[pair.from]?.name} and ${hosts[pair.to]?.name}`;
    const edge = `edges[${pair.edge.from}→${pair.edge.to}]`;
    const connected = (instance.paths.labels(pair.from)[pair.to] ?? []).length > 0;
    const constraint = connected ? `${edge}.minBandwidth` : edge;
    const message = connected
      ? `${pair.edge.from}→${pair.edge.to} needs ${pair.bps} bit/s between ${ends}; the widest way has ${Math.floor(widest ?? 0)} left: widen a link or lower minBandwidth, the payload or the rate`
      : `no way that carries slice ${sliceOf(instance.dag)} connects ${ends}: add a link`;
    return [
      {
        constraint,
        limit: Math.floor(widest ?? 0),
        value: pair.bps,
        object: objectOf(instance),
        message,
        hard: true,
      },
    ];
  });
};

/** A per-edge limit bounds the whole transfer on every path. */
const edgeLatency: Check = ({ instance, pairs, times }) => {
  const worst = new Map<number, number>();
  for (const [p, { edge }] of pairs.entries()) {
    for (const time of times[p] ?? []) if (time > (worst.get(edge.index) ?? 0)) worst.set(edge.index, time);
  }
  return instance.edges.flatMap(({ index, from, to, maxLatency }) => {
    const value = worst.get(index) ?? 0;
    if (withinLimit(value, maxLatency)) return [];
    return [
      {
        constraint: `edges[${from}→${to}].maxLatency`,
        limit: Math.round(maxLatency),
        value: whole(value),
        object: objectOf(instance),
        message: `the transfer takes ${micros(value)}, the limit is ${micros(maxLatency)}`,
        hard: true,
      },
    ];
  });
};

/** Requests of every ingress region reach every replica of every entry service. */
const accessible: Check = ({ instance, entries }) => {
  const seen = new Set<string>();
  return entries.flatMap(({ ingress, task, host, time }) => {
    const region = instance.ingress[ingress]?.region ?? '';
    const service = instance.services[instance.serviceOf[task] ?? 0]?.name ?? '';
    if (time !== Infinity || seen.has(`${ingress}/${service}`)) return [];
    seen.add(`${ingress}/${service}`);
    return [
      {
        constraint: `ingress[${region}]`,
        limit: 0,
        value: 0,
        object: objectOf(instance),
        message: `no way with free bandwidth leads from region ${region} to ${service} on ${instance.snapshot.hosts[host]?.name}: add or widen a link between the regions`,
        hard: true,
      },
    ];
  });
};

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
            value: whole(value),
            object: objectOf(instance),
            message: `predicted ${micros(value)}, the limit is ${micros(limit)}`,
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
export const checks: readonly Check[] = [
  replicaLimits,
  hostFits,
  capacity,
  reachable,
  edgeLatency,
  accessible,
  qos,
];

/** Every limit the placement breaks, hard ones first. */
export function violationsOf(context: Context): Violation[] {
  return checks.flatMap((check) => check(context)).toSorted((a, b) => Number(b.hard) - Number(a.hard));
}

/** Why no host at all takes a replica of a service: the check that shuts out most hosts names the field. */
export function noHost(instance: Instance, name: string): Violation {
  const service = instance.services.find((s) => s.name === name);
  // Of equal reasons one that the DAG can mend comes before the state of nodes.
  const ofNode = (reason: string): number => Number(reason.startsWith('node.'));
  const reasons = [...(service?.excluded ?? [])].toSorted(
    ([a, m], [b, n]) => n - m || ofNode(a) - ofNode(b) || (a < b ? -1 : 1),
  );
  const total = instance.snapshot.hosts.length;
  const constraint = constraintOf(name, reasons[0]?.[0] ?? 'node');
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
