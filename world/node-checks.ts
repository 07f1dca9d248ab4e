import { objectOf } from './check.ts';
import type { Check } from './check.ts';
import { failedCheck } from './feasibility.ts';
import type { Instance } from './instance.ts';
import type { Violation } from './prediction.ts';
import { sliceOf } from './service.ts';

/** Where in the DAG, or on the node, a host check looks. */
const constraintOf = (service: string, check: string): string =>
  check === 'slice' || check.startsWith('node') ? check : `microservices[${service}].${check}`;

/** As many replicas as the DAG allows. */
export const replicaLimits: Check = ({ instance }) =>
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
export const hostFits: Check = ({ instance, assign }) => {
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
export const capacity: Check = ({ instance, assign }) => {
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
