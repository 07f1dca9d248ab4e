import { micros, objectOf } from './check.ts';
import type { Check } from './check.ts';
import { withinLimit } from './path-table.ts';
import { paretoLabels } from './paths.ts';
import { whole } from './report.ts';
import { isStranded, leftBy } from './routing.ts';
import { sliceOf } from './service.ts';

/** Every pair of replicas that carries calls has a way with room for them. */
export const reachable: Check = ({ instance, pairs }) => {
  const seen = new Set<number>();
  return pairs.flatMap((pair) => {
    if (!isStranded(pair) || seen.has(pair.edge.index)) return [];
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
export const edgeLatency: Check = ({ instance, pairs, times }) => {
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
export const accessible: Check = ({ instance, entries }) => {
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
