import type { ServiceDAGStatus } from '#crds/servicedag.ts';
import { setCondition } from '#kube/conditions.ts';
import type { Condition } from '#kube/conditions.ts';
import type { CachedDag, CachedPlan, CachedPod, Deployment } from '../../objects.ts';
import { movesOf, saidOf } from '../../moves.ts';
import type { Move } from '../../moves.ts';
import { isReady } from '../../readiness.ts';
import type { RoutingReport } from '../routing/report.ts';
import type { Report as TelemetryReport } from '../telemetry/report.ts';
import { explanationOf } from './explain.ts';
import type { PlanState } from './plan-state.ts';
import { microserviceRows, MOST_ROWS } from './status-rows.ts';
import type { Rows } from './status-rows.ts';
import { no, unknown, yes } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import { withinQos } from './within-qos.ts';

/** Status of a ServiceDAG. */
export type Status = ServiceDAGStatus;

/** Why Deployments or Services cannot be written as they should be. */
export interface Blockade {
  readonly reason: string;
  readonly message: string;
}

/** What the status is made from. */
export interface Seen {
  readonly dag: CachedDag;
  readonly planning: PlanState;
  readonly plan: CachedPlan | undefined;
  readonly pods: readonly CachedPod[];
  readonly deployments: readonly Deployment[];
  readonly blockade: Blockade | undefined;
  /** What routing says; undefined until it has looked. */
  readonly routing: RoutingReport | undefined;
  /** What is measured; undefined until telemetry has looked. */
  readonly telemetry: TelemetryReport | 'off' | undefined;
  readonly nowIso: string;
}

/** The whole status of a ServiceDAG, from what is there. Pure: equal input, equal status (transition times are kept). */
export function statusOf(seen: Seen): ServiceDAGStatus {
  const { dag, plan, planning } = seen;
  const microservices = plan === undefined ? [] : microserviceRows(plan, seen.pods);
  const verdicts = conditions(seen, microservices);
  const measures = seen.telemetry === 'off' ? undefined : seen.telemetry;
  let list: Condition[] | undefined = dag.status?.conditions?.filter(
    ({ type }) => type !== 'Observed' || seen.telemetry !== 'off',
  );
  for (const [type, verdict] of Object.entries(verdicts)) {
    const observedGeneration = dag.metadata.generation ?? 0;
    list = setCondition(list, { type, ...verdict, observedGeneration }, seen.nowIso);
  }
  const observed = measures?.observed ?? dag.status?.observed;
  const explanation = explanationOf(planning, plan === undefined ? undefined : dag.status?.explanation);
  return {
    observedGeneration: dag.metadata.generation ?? 0,
    conditions: list ?? [],
    ...(plan === undefined
      ? {}
      : {
          plan: { name: plan.metadata.name, window: plan.spec.window, source: plan.spec.source },
          ...(plan.spec.predicted === undefined ? {} : { predicted: plan.spec.predicted }),
          microservices: microservices.slice(0, MOST_ROWS),
          edges: withCalls(seen.routing?.edges ?? dag.status?.edges ?? [], measures),
        }),
    // Measurements are telemetry's to write, not ours to forget.
    ...(observed === undefined ? {} : { observed }),
    ...(explanation === undefined ? {} : { explanation }),
  };
}

type EdgeRows = NonNullable<ServiceDAGStatus['edges']>;

/** Rows of edges with what is measured of their calls. */
const withCalls = (rows: readonly EdgeRows[number][], measures: TelemetryReport | undefined): EdgeRows =>
  rows.map(({ observed: _before, ...row }) => {
    const observed = measures?.edges.get(`${row.from}>${row.to}`);
    return observed === undefined ? row : { ...row, observed };
  });

function conditions(seen: Seen, rows: Rows): Record<string, Verdict> {
  const { dag, planning, plan } = seen;
  const accepted =
    planning.kind === 'refused'
      ? no(planning.reason, planning.message)
      : yes('Valid', 'the graph is sound and everything it names exists');
  const routed =
    plan === undefined
      ? no('NotPlanned', 'there is no plan yet')
      : (seen.routing?.verdict ?? lastSaid(dag, 'Routed'));
  const first = {
    Accepted: accepted,
    Planned: plannedVerdict(planning, plan),
    Placed: placedVerdict(seen, rows),
  };
  const telemetry = seen.telemetry === 'off' ? undefined : seen.telemetry;
  return {
    ...first,
    Routed: routed,
    ...(telemetry === undefined ? {} : { Observed: telemetry.verdict }),
    WithinQoS: withinQos(dag, plan, telemetry?.fresh),
    Ready: readyVerdict(seen, first, rows),
  };
}

/** What a condition says until somebody has looked again. */
function lastSaid(dag: CachedDag, type: string): Verdict {
  const last = dag.status?.conditions?.find((condition) => condition.type === type);
  return last === undefined || last.reason === 'NotPlanned'
    ? unknown('Routing', 'the way of calls is being decided')
    : { status: last.status, reason: last.reason, message: last.message };
}

const sum = (rows: Rows, of: (row: Rows[number]) => number | undefined): number =>
  rows.reduce((total, row) => total + Math.min(row.desired, of(row) ?? 0), 0);

/** Replicas that run in another region until one in the row's takes their calls. */
const standIns = (moves: readonly Move[], { name, region }: Rows[number]): Move[] =>
  moves.filter(({ microservice, from, to }) => microservice === name && to === region && from !== region);

function placedVerdict({ plan, pods, blockade, deployments }: Seen, rows: Rows): Verdict {
  if (plan === undefined) return no('NotPlanned', 'there is no plan yet');
  if (blockade !== undefined) return no(blockade.reason, blockade.message);
  const desired = sum(rows, (row) => row.desired);
  const moves = movesOf(plan, pods);
  const placed = sum(rows, (row) => (row.placed ?? 0) + standIns(moves, row).length);
  if (placed === desired)
    return yes(
      'AllBound',
      `all ${desired} replicas have a node${moves.length === 0 ? '' : `; on the move: ${saidOf(moves)}`}`,
    );
  const refused = deployments.flatMap(
    ({ status }) => status?.conditions?.find((c) => c.type === 'ReplicaFailure' && c.status === 'True') ?? [],
  );
  if (refused[0] !== undefined)
    return no('PodsRefused', `no pod can be made: ${refused[0].message ?? 'see the Deployments'}`);
  const waiting = rows.filter((row) => (row.placed ?? 0) < row.desired);
  const names = waiting.slice(0, 8).map((row) => `${row.name} in ${row.region}`);
  return no('Waiting', `${placed} of ${desired} replicas have a node; waiting: ${names.join(', ')}`);
}

/** Ready when what comes before it holds and every pod is ready; else it names the first thing that is missing. */
function readyVerdict(
  { dag, plan, pods }: Seen,
  before: Readonly<Record<string, Verdict>>,
  rows: Rows,
): Verdict {
  // What runs by a plan for this spec runs, whether or not the planner can be asked for another.
  const isInForce = plan?.spec.dag.generation === dag.metadata.generation;
  const missing = Object.entries(before).find(
    ([type, { status }]) => status !== 'True' && !(type === 'Planned' && status === 'Unknown' && isInForce),
  );
  if (missing !== undefined) {
    const [type, { status, reason, message }] = missing;
    return no(reason, `${type} is ${status}: ${message}`);
  }
  const desired = sum(rows, (row) => row.desired);
  const moves = plan === undefined ? [] : movesOf(plan, pods);
  const serving = moves.filter(({ pod }) => isReady(pod));
  const ready = sum(rows, (row) => (row.ready ?? 0) + standIns(serving, row).length);
  if (ready === desired && moves.length > 0)
    return yes('Moving', `all ${desired} replicas are ready; on the move: ${saidOf(moves)}`);
  return ready === desired
    ? yes('Running', `all ${desired} replicas are ready where the plan has them`)
    : no('PodsNotReady', `${ready} of ${desired} replicas are ready`);
}

function plannedVerdict(planning: PlanState, plan: CachedPlan | undefined): Verdict {
  switch (planning.kind) {
    case 'planned':
      return plan === undefined
        ? unknown('Planning', 'a plan is being made')
        : yes('Feasible', `${plan.metadata.name} keeps every hard limit`);
    case 'infeasible':
      return no(
        'Infeasible',
        plan === undefined ? planning.message : `${planning.message}; ${plan.metadata.name} stays in force`,
      );
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
