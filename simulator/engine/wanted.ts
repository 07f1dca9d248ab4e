import { failedCheck } from '#world/feasibility.ts';
import type { Application, Service } from './application.ts';
import type { Infrastructure } from './infrastructure.ts';
import type { Placement } from '../orchestrator.ts';
import type { Replica } from './replica.ts';

/** Hosts of all replicas that one service shall have. */
export interface Wanted {
  readonly service: Service;
  readonly hosts: readonly number[];
}

/** A placement that cannot be: an orchestrator's mistake, named with the way out. */
export class ImpossiblePlacement extends Error {
  override readonly name = 'ImpossiblePlacement';
}

/**
 * What placements want of every service they speak of. Throws `ImpossiblePlacement` for an unknown DAG, microservice or node,
 * more replicas than `replicas.max`, a new replica where it may not run, and nodes that would hold more than they have.
 */
export function wantedHosts(
  placements: readonly Placement[],
  applications: readonly Application[],
  infrastructure: Infrastructure,
  running: (service: Service) => readonly Replica[],
): Wanted[] {
  const byKey = new Map(applications.map((application) => [application.key, application]));
  const wanted = placements.flatMap((placement) => {
    const application = byKey.get(placement.dag);
    if (application === undefined)
      throw new ImpossiblePlacement(
        `placement of "${placement.dag}": the city has no such ServiceDAG; name one as namespace/name`,
      );
    return wantedOf(placement, application, infrastructure, running);
  });
  if (wanted.length > 0) checkRoom(wanted, applications, infrastructure, running);
  return wanted;
}

function wantedOf(
  { dag, replicas }: Placement,
  { services, slice }: Application,
  infrastructure: Infrastructure,
  running: (service: Service) => readonly Replica[],
): Wanted[] {
  const hosts = new Map(services.map((service): [string, number[]] => [service.name, []]));
  for (const { microservice, node } of replicas) {
    const of = hosts.get(microservice);
    const host = infrastructure.host(node);
    if (of === undefined)
      throw new ImpossiblePlacement(
        `placement of ${dag}: it has no microservice "${microservice}"; it has ${[...hosts.keys()].join(', ')}`,
      );
    if (host === undefined)
      throw new ImpossiblePlacement(
        `placement of ${dag}/${microservice}: the city has no node "${node}" in a region; name one of its nodes`,
      );
    of.push(host);
  }
  return services.map((service) => {
    const own = hosts.get(service.name) ?? [];
    if (own.length > service.max)
      throw new ImpossiblePlacement(
        `placement of ${dag}/${service.name}: ${own.length} replicas, replicas.max allows ${service.max}`,
      );
    const there = new Set(running(service).map(({ host }) => host));
    for (const host of own) if (!there.has(host)) checkHost(dag, service, host, slice, infrastructure);
    return { service, hosts: own };
  });
}

function checkHost(
  dag: string,
  { name, template }: Service,
  h: number,
  slice: string,
  { whole, hostReady }: Infrastructure,
): void {
  const host = whole.hosts[h];
  if (host === undefined) return;
  const now = { ...host, ready: hostReady[h] === 1 };
  const failed = failedCheck({ host: now, slice, template })?.constraint;
  if (failed !== undefined)
    throw new ImpossiblePlacement(
      `placement of ${dag}/${name}: node ${host.name} may not take it (${failed}); place it on a node that passes every check`,
    );
}

function checkRoom(
  wanted: readonly Wanted[],
  applications: readonly Application[],
  { whole }: Infrastructure,
  running: (service: Service) => readonly Replica[],
): void {
  const { allocatable, resources, hosts } = whole;
  const width = resources.length;
  const used = new Float64Array(allocatable.length);
  const hold = ({ request }: Service, host: number): void => {
    for (let r = 0; r < width; r++)
      used[host * width + r] = (used[host * width + r] ?? 0) + (request[r] ?? 0);
  };
  const spoken = new Set(wanted.map(({ service }) => service));
  for (const one of wanted) for (const host of one.hosts) hold(one.service, host);
  for (const { services } of applications)
    for (const service of services)
      if (!spoken.has(service))
        for (const replica of running(service)) if (replica.wanted) hold(service, replica.host);
  for (const [at, amount] of used.entries()) {
    const has = allocatable[at] ?? 0;
    if (amount <= has) continue;
    const name = hosts[Math.floor(at / width)]?.name ?? '';
    const who = wanted
      .filter((one) => one.hosts.includes(Math.floor(at / width)))
      .map(({ service }) => `${applications[service.application]?.key ?? ''}/${service.name}`);
    throw new ImpossiblePlacement(
      `placements put ${amount} of ${resources[at % width] ?? ''} on node ${name}, which has ${has} (base units); ` +
        `placed there: ${who.join(', ') || 'what ran before'}; move a replica elsewhere`,
    );
  }
}
