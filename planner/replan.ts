import type { Evaluator } from '#world/evaluator.ts';
import { judge } from '#world/judge.ts';
import type { Judgement } from '#world/judge.ts';
import { presentHosts } from './present.ts';
import { greedyEft } from './search/greedy.ts';
import { localSearch } from './search/local-search.ts';
import { objectiveOf, wrongness } from './search/refine.ts';

/** Completes a placement in which some replicas are fixed and the others have no host yet. */
export type Fill = (evaluator: Evaluator, fixed: Int32Array) => Int32Array;

/** How far a replan may go from what runs. */
export interface ReplanOptions {
  /** Most running replicas that may move (`spec.placement.moveBudget`). */
  readonly moveBudget: number;
  /** Share of the cost of staying that each move has to save, on the average. */
  readonly hysteresis: number;
  /** Where replicas go that run nowhere; list scheduling and local search by default. */
  readonly fill?: Fill;
  /** A placement to go towards: the whole of it is tried where the budget allows. */
  readonly toward?: Int32Array | undefined;
  /** Replicas move to no other host than those that `toward` gives their service. */
  readonly strictly?: boolean;
}

/** A placement near the present one. */
export interface Replan {
  readonly assign: Int32Array;
  readonly judgement: Judgement;
  /** The same for staying: running replicas where they are, the others placed. */
  readonly staying: Judgement;
  /** Running replicas that the placement moves; 0 when it stays. */
  readonly moves: number;
}

/** Share of J that each move of a running replica has to save: telemetry is noisy, and a cold start is paid in requests. */
export const HYSTERESIS = 0.01;

/** Evaluations for each replica that is placed anew. */
const FILL = 400;
/** Rounds of descent beyond the budget's: free ones that only choose which surplus replicas go. */
const ROUNDS = 4;

const placeAnew: Fill = (evaluator, fixed) => {
  const holes = fixed.reduce((count, host) => count + Number(host < 0), 0);
  const start = greedyEft(evaluator, fixed);
  return holes === 0 ? start : localSearch(evaluator, start, FILL * holes, -Infinity, fixed).assign;
};

/**
 * Replans the evaluator's DAG from what its snapshot says runs: at most `moveBudget` running replicas move, and only where the
 * cost falls by more than `hysteresis` of it for each; the best moves come first. By the judge never worse than staying. Replicas
 * wanted beyond the running ones are placed, surplus ones dropped where that costs least; neither counts as a move. Undefined
 * when a service has neither a replica nor a host. Pure and deterministic; the operator's and the simulator's alike.
 */
export function replan(evaluator: Evaluator, options: ReplanOptions): Replan | undefined {
  const { instance, objective } = evaluator;
  const present = presentHosts(instance);
  const { services } = instance;
  if (services.some((s, i) => s.hosts.length === 0 && (present[i]?.length ?? 0) < s.replicas))
    return undefined;
  const fixed = new Int32Array(instance.tasks).fill(-1);
  for (const [s, { firstTask, replicas }] of services.entries())
    for (const [r, host] of (present[s] ?? []).slice(0, replicas).entries()) fixed[firstTask + r] = host;
  const start = (options.fill ?? placeAnew)(evaluator, fixed);
  const trail = descend(evaluator, start, present, { ...options, moveBudget: 0 }, 0);
  const stay = trail.at(-1) ?? start;
  const staying = judge(instance, stay);
  const least = objectiveOf(objective, staying);
  const price = options.hysteresis * least;
  const { moveBudget, toward } = options;
  const tries = moveBudget === 0 ? [] : descend(evaluator, stay, present, options, price);
  if (toward !== undefined && movesOf(evaluator, present, toward) <= moveBudget)
    tries.push(toward, ...descend(evaluator, toward, present, options, price));
  const ranked = tries
    .map((assign) => ({ assign, moves: movesOf(evaluator, present, assign) }))
    .map((one) => ({ ...one, value: evaluator.value(one.assign) + price * one.moves }))
    .toSorted((a, b) => a.value - b.value);
  for (const { assign, moves } of ranked) {
    const judgement = judge(instance, assign);
    const right = wrongness(judgement) - wrongness(staying);
    const pays = objectiveOf(objective, judgement) < least - price * moves;
    if (right < 0 || (right === 0 && pays)) return { assign, judgement, staying, moves };
  }
  return { assign: stay, judgement: staying, staying, moves: 0 };
}

/** Running replicas of each service that have no place any more: fewer stay than could. */
export function movesOf(
  { instance }: Evaluator,
  present: readonly (readonly number[])[],
  assign: Int32Array,
): number {
  return instance.services.reduce((sum, _, s) => sum + serviceMoves(instance, present, assign, s), 0);
}

function serviceMoves(
  { services }: Evaluator['instance'],
  present: readonly (readonly number[])[],
  assign: Int32Array,
  s: number,
): number {
  const [service, running] = [services[s], present[s] ?? []];
  if (service === undefined) return 0;
  const left = [...running];
  let stayed = 0;
  for (let task = service.firstTask; task < service.firstTask + service.replicas; task++) {
    const at = left.indexOf(assign[task] ?? -1);
    if (at < 0) continue;
    left.splice(at, 1);
    stayed++;
  }
  return Math.min(service.replicas, running.length) - stayed;
}

/**
 * Steepest descent on objective + price x moves over moves of one replica, then of both ends of a call to one host, within the
 * budget. Every placement on the way, each better than the one before.
 */
function descend(
  evaluator: Evaluator,
  start: Int32Array,
  present: readonly (readonly number[])[],
  { moveBudget, toward, strictly }: ReplanOptions,
  price: number,
): Int32Array[] {
  const { instance } = evaluator;
  const { services, serviceOf, edges } = instance;
  const aims = services.map(({ hosts, firstTask, replicas }, s) => {
    const goals =
      toward !== undefined && strictly === true ? toward.subarray(firstTask, firstTask + replicas) : hosts;
    const all = moveBudget === 0 ? (present[s] ?? []) : [...goals, ...(present[s] ?? [])];
    return [...new Set(all)].toSorted((a, b) => a - b);
  });
  const trail: Int32Array[] = [];
  let current = start;
  let value = evaluator.value(start);
  const own = services.map((_, s) => serviceMoves(instance, present, start, s));
  let moves = own.reduce((a, b) => a + b, 0);

  for (let round = 0; round < moveBudget + ROUNDS; round++) {
    const trial = current.slice();
    let best: Int32Array | undefined;
    let least = value + price * moves;
    const consider = (changed: readonly number[]): void => {
      const services = new Set(changed);
      let after = moves;
      for (const s of services) after += serviceMoves(instance, present, trial, s) - (own[s] ?? 0);
      if (after > moveBudget) return;
      const total = evaluator.value(trial) + price * after;
      if (total >= least - 1e-12 * Math.abs(least)) return;
      least = total;
      best = trial.slice();
    };
    for (let task = 0; task < trial.length; task++) {
      const s = serviceOf[task] ?? 0;
      const home = current[task] ?? 0;
      for (const host of aims[s] ?? []) {
        if (host === home) continue;
        trial[task] = host;
        consider([s]);
      }
      trial[task] = home;
    }
    if (best === undefined && moveBudget > 1) {
      for (const { source, target } of edges) {
        const shared = (aims[source] ?? []).filter((host) => aims[target]?.includes(host));
        for (const a of tasksOf(services[source])) {
          for (const b of tasksOf(services[target])) {
            const homes = [current[a] ?? 0, current[b] ?? 0] as const;
            for (const host of shared) {
              if (host === homes[0] || host === homes[1]) continue;
              trial[a] = host;
              trial[b] = host;
              consider([source, target]);
            }
            [trial[a], trial[b]] = homes;
          }
        }
      }
    }
    if (best === undefined) break;
    current = best;
    value = evaluator.value(current);
    for (let s = 0; s < services.length; s++) own[s] = serviceMoves(instance, present, current, s);
    moves = own.reduce((a, b) => a + b, 0);
    trail.push(current);
  }
  return trail;
}

const tasksOf = (service: { firstTask: number; replicas: number } | undefined): number[] =>
  service === undefined ? [] : Array.from({ length: service.replicas }, (_, r) => service.firstTask + r);
