import { createHash } from 'node:crypto';
import { ANNOTATIONS, GROUP, LABELS, PLACEMENT_GATE, SCHEDULER_NAME } from '#crds/meta.ts';
import type { ServiceDAGSpec } from '#crds/servicedag.ts';
import { ownerReference } from '#kube/owner.ts';
import type { Move } from '../../moves.ts';
import type { CachedDag, CachedPlan, Deployment, Service } from '../../objects.ts';
import { frontName, upstreamVariable } from '../../routing/names.ts';

type Microservice = ServiceDAGSpec['microservices'][number];

/** Annotation with the hash of what was applied: an object whose hash is the same needs no write. */
export const APPLIED_HASH = `${GROUP}/applied-hash`;

/** How long a replica stays on a node that stopped answering, seconds, unless its template says otherwise. */
const GIVE_UP_SECONDS = 5;
const LOST_NODE = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'] as const;
const NAME_LIMIT = 63;

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** A name of at most 63 characters: the readable start and a hash of the rest when it is longer. */
export function boundedName(...parts: string[]): string {
  const whole = parts.join('-');
  return whole.length <= NAME_LIMIT
    ? whole
    : `${whole.slice(0, NAME_LIMIT - 9)}-${digest(whole).slice(0, 8)}`;
}

function withHash<T extends Deployment | Service>(object: T): T {
  const annotations = {
    ...object.metadata.annotations,
    [APPLIED_HASH]: digest([object.metadata.labels, object.spec]),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Replicas of each microservice in each region, as the plan has them. */
export function replicasByRegion(
  plan: CachedPlan,
): { microservice: string; region: string; replicas: number }[] {
  const counts = new Map<string, { microservice: string; region: string; replicas: number }>();
  for (const { region, assignments } of plan.spec.regions) {
    for (const { microservice } of assignments) {
      const key = `${microservice}/${region}`;
      const seen = counts.get(key) ?? { microservice, region, replicas: 0 };
      counts.set(key, { ...seen, replicas: seen.replicas + 1 });
    }
  }
  return [...counts.values()];
}

/** Replicas of the plan, and those that stay where they are until another takes their calls. */
function replicasThere(plan: CachedPlan, staying: readonly Move[]): ReturnType<typeof replicasByRegion> {
  const counts = replicasByRegion(plan);
  for (const { microservice, from: region } of staying) {
    const at = counts.findIndex((count) => count.microservice === microservice && count.region === region);
    const replicas = (counts[at]?.replicas ?? 0) + 1;
    counts.splice(at < 0 ? counts.length : at, 1, { microservice, region, replicas });
  }
  return counts;
}

/** One Deployment for each microservice and region of the plan, its pods gated; `staying` replicas beside them. */
export function deployments(dag: CachedDag, plan: CachedPlan, staying: readonly Move[] = []): Deployment[] {
  const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
  return replicasThere(plan, staying).flatMap(({ microservice, region, replicas }) => {
    const service = dag.spec.microservices.find((m) => m.name === microservice);
    if (service === undefined) return [];
    const identity = {
      [LABELS.dag]: dag.metadata.name,
      [LABELS.microservice]: microservice,
      [LABELS.region]: region,
    };
    const labels = { ...identity, [LABELS.slice]: slice };
    return withHash<Deployment>({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: boundedName(dag.metadata.name, microservice, region),
        namespace: dag.metadata.namespace ?? 'default',
        labels,
        ownerReferences: [ownerReference(dag, { controller: true })],
      },
      spec: {
        replicas,
        selector: { matchLabels: identity },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        template: template(service, labels, upstreams(dag, microservice, slice)),
      },
    });
  });
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

/** Where a microservice dials each one that it calls: the front Service of the edge. */
function upstreams(dag: CachedDag, from: string, slice: string): Variable[] {
  const { name, namespace = 'default' } = dag.metadata;
  return dag.spec.edges
    .filter((edge) => edge.from === from)
    .map(({ to }) => {
      const port = dag.spec.microservices.find((m) => m.name === to)?.port ?? 80;
      return {
        name: upstreamVariable(to),
        value: `${frontName(name, from, to, slice)}.${namespace}.svc:${port}`,
      };
    });
}

/** Containers with the variables they do not set themselves. */
const withVariables = (containers: readonly object[], variables: readonly Variable[]): object[] =>
  variables.length === 0
    ? [...containers]
    : containers.map((container) => {
        const { env = [] } = container as { env?: readonly Variable[] };
        const missing = variables.filter(({ name }) => env.every((own) => own.name !== name));
        return { ...container, env: [...env, ...missing] };
      });

function template(
  service: Microservice,
  labels: Readonly<Record<string, string>>,
  variables: readonly Variable[],
): object {
  const { metadata, spec } = service.template;
  const {
    affinity,
    tolerations = [],
    schedulingGates,
    ...rest
  } = spec as typeof spec & {
    schedulingGates?: readonly { name: string }[];
  };
  const { nodeAffinity, ...around } = affinity ?? {};
  // The planner has honoured the required node terms, and the first ones written to a pod are final: they are the agent's to write.
  const { requiredDuringSchedulingIgnoredDuringExecution: _, ...preferred } = nodeAffinity ?? {};
  const kept = { ...around, ...(Object.keys(preferred).length === 0 ? {} : { nodeAffinity: preferred }) };
  const missing = LOST_NODE.filter((key) => !tolerations.some((t) => t.key === key));
  return {
    metadata: {
      labels: { ...metadata?.labels, ...labels },
      // JSON patches of the agents add to this map; it must be there.
      annotations: { ...metadata?.annotations, [ANNOTATIONS.decision]: '' },
    },
    spec: {
      ...rest,
      containers: withVariables(spec.containers, variables),
      ...(Object.keys(kept).length === 0 ? {} : { affinity: kept }),
      schedulerName: SCHEDULER_NAME,
      schedulingGates: [
        { name: PLACEMENT_GATE },
        ...(schedulingGates ?? []).filter((g) => g.name !== PLACEMENT_GATE),
      ],
      tolerations: [
        ...tolerations,
        ...missing.map((key) => ({
          key,
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: GIVE_UP_SECONDS,
        })),
      ],
    },
  };
}

/** One Service for each microservice: callers dial it, kube-proxy spreads the calls evenly. */
export function services(dag: CachedDag): Service[] {
  return dag.spec.microservices.map((service) => {
    const selector = { [LABELS.dag]: dag.metadata.name, [LABELS.microservice]: service.name };
    return withHash<Service>({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: boundedName(dag.metadata.name, service.name),
        namespace: dag.metadata.namespace ?? 'default',
        labels: selector,
        ownerReferences: [ownerReference(dag, { controller: true })],
      },
      spec: {
        selector,
        ports: [{ name: 'app', port: service.port, targetPort: service.port, protocol: 'TCP' }],
      },
    });
  });
}
