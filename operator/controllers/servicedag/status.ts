import { LABELS } from '#crds/meta.ts';
import { durationMicros, formatMicros, quantity } from '#crds/quantity.ts';
import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import { setCondition } from '#kube/conditions.ts';
import type { Condition } from '#kube/conditions.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';
import type { PlanAnswer } from '../../planner-client.ts';
import { replicasByRegion } from './render.ts';

/** How planning stands. */
export type Planning =
  | { readonly kind: 'planned'; readonly answer: PlanAnswer | undefined }
  | { readonly kind: 'infeasible'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string };

/** What the status is made from. */
export interface Seen {
  readonly dag: CachedDag;
  readonly planning: Planning;
  readonly plan: CachedPlan | undefined;
  readonly pods: readonly CachedPod[];
  readonly nowIso: string;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

const yes = (reason: string, message: string): Verdict => ({ status: 'True', reason, message });
const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
const unknown = (reason: string, message: string): Verdict => ({ status: 'Unknown', reason, message });

const isReady = (pod: CachedPod): boolean =>
  pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;

/** The whole status of a ServiceDAG, from what is there. Pure: equal input, equal status (transition times are kept). */
export function statusOf(seen: Seen): ServiceDAGStatus {
  const { dag, plan, planning } = seen;
  const microservices = plan === undefined ? [] : rows(plan, seen.pods);
  const verdicts = conditions(seen, microservices);
  let list: Condition[] | undefined = dag.status?.conditions;
  for (const [type, verdict] of Object.entries(verdicts)) {
    const observedGeneration = dag.metadata.generation ?? 0;
    list = setCondition(list, { type, ...verdict, observedGeneration }, seen.nowIso);
  }
  const explanation =
    planning.kind === 'planned' && planning.answer !== undefined
      ? explain(planning.answer)
      : dag.status?.explanation;
  return {
    observedGeneration: dag.metadata.generation ?? 0,
    conditions: list ?? [],
    ...(plan === undefined
      ? {}
      : {
          plan: { name: plan.metadata.name, window: plan.spec.window, source: plan.spec.source },
          ...(plan.spec.predicted === undefined ? {} : { predicted: plan.spec.predicted }),
          microservices,
          edges: edges(plan),
        }),
    ...(plan === undefined || explanation === undefined ? {} : { explanation }),
  };
}

type Rows = NonNullable<ServiceDAGStatus['microservices']>;

function rows(plan: CachedPlan, pods: readonly CachedPod[]): Rows {
  return replicasByRegion(plan).map(({ microservice, region, replicas }) => {
    const own = pods.filter(
      (pod) =>
        pod.metadata.labels?.[LABELS.microservice] === microservice &&
        pod.metadata.labels[LABELS.region] === region,
    );
    const bound = own.filter((pod) => pod.spec.nodeName !== undefined);
    const nodes = [...new Set(bound.map((pod) => pod.spec.nodeName ?? ''))].toSorted();
    return {
      name: microservice,
      region,
      desired: replicas,
      placed: bound.length,
      ready: bound.filter(isReady).length,
      nodes,
    };
  });
}

function conditions({ dag, planning, plan }: Seen, microservices: Rows): Record<string, Verdict> {
  const accepted =
    planning.kind === 'refused'
      ? no(planning.reason, planning.message)
      : yes('Valid', 'the graph is sound and everything it names exists');
  const planned = plannedVerdict(planning, plan);
  const desired = microservices.reduce((sum, m) => sum + m.desired, 0);
  const placed = microservices.reduce((sum, m) => sum + Math.min(m.desired, m.placed ?? 0), 0);
  const ready = microservices.reduce((sum, m) => sum + Math.min(m.desired, m.ready ?? 0), 0);
  const waiting = microservices
    .filter((m) => (m.placed ?? 0) < m.desired)
    .map((m) => `${m.name} in ${m.region}`);
  const isPlaced =
    plan === undefined
      ? no('NotPlanned', 'there is no plan yet')
      : placed === desired
        ? yes('AllBound', `all ${desired} replicas have a node`)
        : no(
            'Waiting',
            `${placed} of ${desired} replicas have a node; waiting: ${waiting.slice(0, 8).join(', ')}`,
          );
  const routed =
    plan === undefined
      ? no('NotPlanned', 'there is no plan yet')
      : yes('Uniform', 'Services spread calls evenly over replicas');
  const all = { Accepted: accepted, Planned: planned, Placed: isPlaced };
  const missing = Object.entries(all).filter(([, verdict]) => verdict.status !== 'True');
  const [first] = missing;
  const isReadyNow =
    first !== undefined
      ? no(first[1].reason, `${first[0]} is ${first[1].status}: ${first[1].message}`)
      : ready === desired
        ? yes('Running', `all ${desired} replicas are ready where the plan has them`)
        : no('PodsNotReady', `${ready} of ${desired} replicas are ready`);
  return { ...all, Routed: routed, WithinQoS: withinQos(dag, plan), Ready: isReadyNow };
}

function plannedVerdict(planning: Planning, plan: CachedPlan | undefined): Verdict {
  switch (planning.kind) {
    case 'planned':
      return plan === undefined
        ? unknown('Planning', 'a plan is being made')
        : yes('Feasible', `${plan.metadata.name} keeps every hard limit`);
    case 'infeasible':
      return no('Infeasible', planning.message);
    case 'unavailable':
      return unknown(
        'PlannerUnavailable',
        plan === undefined ? planning.message : `${planning.message}; ${plan.metadata.name} stays in force`,
      );
    case 'refused':
      return no('NotAccepted', 'the spec has to be mended first');
    default:
      throw new Error(`unknown planning state ${JSON.stringify(planning satisfies never)}`);
  }
}

function withinQos(dag: CachedDag, plan: CachedPlan | undefined): Verdict {
  const predicted = plan?.spec.predicted;
  if (predicted === undefined) return unknown('NotPlanned', 'nothing is predicted without a plan');
  const { maxLatency, maxJitter, maxSync, minSuccess } = dag.spec.qos;
  const over = (what: string, limit: string | undefined, value: number | undefined): string[] =>
    limit === undefined || value === undefined || value <= durationMicros(limit)
      ? []
      : [`${what}: predicted ${formatMicros(value)}, the limit is ${limit}`];
  const missed = [
    ...over('latency', maxLatency, predicted.latencyMicros),
    ...over('jitter', maxJitter, predicted.jitterMicros),
    ...over('sync', maxSync, predicted.syncMicros),
    ...(minSuccess !== undefined && (predicted.successPpm ?? 1e6) < Math.round(quantity(minSuccess) * 1e6)
      ? [`success: predicted ${predicted.successPpm} ppm, at least ${minSuccess} is asked`]
      : []),
  ];
  return missed.length === 0
    ? yes('Predicted', 'the prediction keeps every limit')
    : no('Predicted', missed.join('; '));
}

/** Shares of each edge by the region of the callee. */
function edges(plan: CachedPlan): NonNullable<ServiceDAGStatus['edges']> {
  return plan.spec.routes.map((route) => {
    const shares = new Map<string, number>();
    for (const path of route.paths)
      shares.set(path.toRegion, (shares.get(path.toRegion) ?? 0) + path.weightPpm);
    const weights = [...shares]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([backend, desiredPpm]) => ({ backend, desiredPpm: Math.min(desiredPpm, 1_000_000) }));
    return { from: route.from, to: route.to, mechanism: 'Uniform', weights };
  });
}

/** The limit that is closest, and the best plan that was not taken. */
function explain(answer: PlanAnswer): NonNullable<ServiceDAGStatus['explanation']> {
  const share = (binding: string): number => Number(/([\d.]+) %$/.exec(binding)?.[1] ?? 0);
  const closest = answer.assignments.toSorted((a, b) => share(b.binding) - share(a.binding))[0];
  const second =
    answer.alternatives.find((a) => a.latencyMicros !== answer.predicted?.latencyMicros) ??
    answer.alternatives[0];
  return {
    ...(closest === undefined || closest.binding === ''
      ? {}
      : { binding: `${closest.microservice} on ${closest.node}: ${closest.binding}`.slice(0, 512) }),
    ...(second === undefined
      ? {}
      : {
          runnerUp: {
            latencyMicros: second.latencyMicros,
            why: second.feasible
              ? `${second.method}: it costs more`
              : `${second.method}: it breaks a hard limit`,
          },
        }),
  };
}
