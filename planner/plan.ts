import type { ServiceDAG } from '#crds/servicedag.ts';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import { shortlist } from '#world/shortlist.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { noHost } from '#world/node-checks.ts';
import type { Violation } from '#world/prediction.ts';
import { SteeredEvaluator } from '#world/steered.ts';
import { rankNodes } from './rank.ts';
import type { RankedNode } from './rank.ts';
import type { Recalled, Recollected } from './recall.ts';
import { contenders } from './contend.ts';
import { finished } from './finish.ts';
import { fixedHosts } from './present.ts';
import { jointly } from './joint.ts';
import type { PlanOptions } from './plan-options.ts';
import { mended } from './mend.ts';
import type { Judged } from './mend.ts';
import { moved, withoutSurplus } from './moves.ts';
import { compareJudged } from './search/refine.ts';
import { sourceOf } from './sources.ts';

/** Where a candidate comes from. */
type PlanSource = 'Search' | 'Memory';

/** A candidate that was not chosen. */
export interface Alternative {
  readonly source: PlanSource;
  readonly method: string;
  readonly feasible: boolean;
  readonly latencyMicros: number;
}

/** The answer for one DAG. `best` is the least wrong attempt when nothing is feasible; undefined when there is no host at all. */
export interface Plan {
  readonly dag: string;
  readonly feasible: boolean;
  /** `Memory` when an adapted placement was strictly better than all that search found. */
  readonly source: PlanSource;
  readonly method: string;
  readonly best: Judgement | undefined;
  /** Choices for each replica in the order of `best.assignments`, the chosen node first. */
  readonly ranked: readonly (readonly RankedNode[])[];
  /** Running pods that the plan moves, by the `microservice/replica` that goes elsewhere. */
  readonly replaces: ReadonlyMap<string, string>;
  readonly violations: readonly Violation[];
  readonly alternatives: readonly Alternative[];
  readonly candidates: number;
  readonly feasibleBeforeRepair: number;
  readonly repaired: number;
  /** What was asked of the memory; undefined without one. */
  readonly recollected: Recollected | undefined;
}

/** Hosts that are searched at first in a large world, and at most when nothing among those is feasible. */
const SHORTLIST = 256;
const LONG_SHORTLIST = 1024;

const NOTHING_MOVES: ReadonlyMap<string, string> = new Map();

/**
 * Plans one DAG on what the world has left: candidates of the source → verified against every hard constraint → repaired by
 * local search → the best by the objective. In a world of more than `options.hosts` hosts the search sees a shortlist of them.
 * Throws `UnknownReference` when the DAG names a region or band the world lacks.
 */
export async function planDag(snapshot: Snapshot, dag: ServiceDAG, options: PlanOptions): Promise<Plan> {
  const recalled =
    options.planner === 'search' ? await options.recall?.(snapshot, dag, options.replicas) : undefined;
  const first = await planAmong(snapshot, dag, options, options.hosts ?? SHORTLIST, recalled);
  if (first.plan.feasible || first.dropped === 0) return first.plan;
  // No host at all for a service is a matter of the whole world, and cheap to say.
  const limit = first.plan.best === undefined ? Infinity : LONG_SHORTLIST;
  return (await planAmong(snapshot, dag, options, limit, recalled)).plan;
}

async function planAmong(
  snapshot: Snapshot,
  dag: ServiceDAG,
  options: PlanOptions,
  limit: number,
  recalled: Recalled | undefined,
): Promise<{ plan: Plan; dropped: number }> {
  const list = shortlist(snapshot, dag, limit);
  const plan = await planOn(list.snapshot, dag, options, recalled);
  const best = plan.best === undefined ? undefined : { ...plan.best, claim: list.widen(plan.best.claim) };
  return { plan: { ...plan, best }, dropped: list.dropped };
}

async function planOn(
  snapshot: Snapshot,
  dag: ServiceDAG,
  options: PlanOptions,
  recalled: Recalled | undefined,
): Promise<Plan> {
  const instance = instanceOf(snapshot, dag, options.replicas);
  const present = options.keep === true ? fixedHosts(instance) : undefined;
  const homeless = instance.services.filter(
    (s) => s.hosts.length === 0 && !keepsAll(s.firstTask, s.replicas, present),
  );
  const empty = {
    dag: keyOf(dag),
    source: 'Search' as PlanSource,
    candidates: 0,
    feasibleBeforeRepair: 0,
    repaired: 0,
    recollected: recalled === undefined ? undefined : recollectedOf(recalled),
  };
  if (homeless.length > 0) {
    const violations = homeless.map((s) => noHost(instance, s.name));
    return {
      ...empty,
      feasible: false,
      method: 'none',
      best: undefined,
      ranked: [],
      replaces: NOTHING_MOVES,
      violations,
      alternatives: [],
    };
  }
  const evaluator = new Evaluator(instance, options.objective);
  const fixed = present === undefined ? undefined : withoutSurplus(evaluator, present);
  const candidates = await sourceOf(options.planner)(evaluator, options.budgetMs, fixed);
  const order = (a: Judged, b: Judged): number => compareJudged(options.objective, a.judgement, b.judgement);
  const judged = candidates.map((c): Judged => ({ ...c, judgement: judge(instance, c.assign) }));
  const [first] = judged.toSorted(order);
  // The other planners are yardsticks: what they say is judged, not improved.
  const last =
    first === undefined || options.planner !== 'search'
      ? undefined
      : mended(evaluator, first, options, fixed);
  if (last !== undefined) judged.push(last);
  if (isJoint(options)) judged.push(...jointly(evaluator, judged, options, fixed));
  // What search finds is never given up for memory's sake: its candidates come beside, and win when they are strictly better.
  const recollected = recalled?.candidates(evaluator, fixed) ?? [];
  const others = contenders(evaluator, recollected, options, isJoint(options), fixed);
  const { chosen: still, rest: lost } = finished(evaluator, judged, others, options, isJoint(options), fixed);
  if (still === undefined) throw new Error(`planner ${options.planner} gave no candidate for ${keyOf(dag)}`);
  const move = fixed === undefined ? undefined : await moved(evaluator, still, options, isJoint(options));
  const chosen = move?.candidate ?? still;
  const rest = move === undefined ? lost : [still, ...lost];
  const ranker =
    chosen.judgement.fractions === undefined ? evaluator : new SteeredEvaluator(instance, options.objective);
  const ranking = rankNodes(ranker, chosen.assign, options.ranks ?? 1, move?.held ?? fixed);
  return {
    ...empty,
    recollected: recalled === undefined ? undefined : recollectedOf(recalled, chosen.trace),
    feasible: chosen.judgement.feasible,
    source: chosen.source ?? 'Search',
    method: chosen.method,
    best: chosen.judgement,
    ranked: chosen.judgement.assignments.map((a) => ranking.get(`${a.microservice}/${a.replica}`) ?? []),
    replaces: move?.replaces ?? NOTHING_MOVES,
    violations: chosen.judgement.violations,
    alternatives: rest.map(({ method, judgement, source }): Alternative => ({
      source: source ?? 'Search',
      method,
      feasible: judgement.feasible,
      latencyMicros: judgement.predicted.latencyMicros,
    })),
    candidates: rest.length + 1,
    feasibleBeforeRepair: [chosen, ...rest].filter((j) => !j.repaired && j.judgement.feasible).length,
    repaired: [chosen, ...rest].filter((j) => j.repaired).length,
  };
}

/** What was asked of the memory; the trace that the plan was made from comes first. */
const recollectedOf = ({ encoderVersion, traces, without }: Recalled, chosen?: string): Recollected => ({
  traces: chosen === undefined ? traces : [chosen, ...traces.filter((id) => id !== chosen)],
  ...(encoderVersion === undefined ? {} : { encoderVersion }),
  ...(without === undefined ? {} : { without }),
});

/** The other planners are yardsticks: their calls are spread evenly. */
const isJoint = ({ planner, fractions = 'joint' }: PlanOptions): boolean =>
  planner === 'search' && fractions === 'joint';

const keepsAll = (first: number, count: number, fixed: Int32Array | undefined): boolean =>
  fixed !== undefined && fixed.subarray(first, first + count).every((host) => host >= 0);
