import { OMEGA, Utilisation } from '#world/cost.ts';
import type { Evaluator } from '#world/evaluator.ts';
import { weighted } from '#world/flow.ts';
import { arrivals, emptyPartial, fits, hostsFor, placeTask } from './partial.ts';
import type { Partial } from './partial.ts';

interface State extends Partial {
  /** Lower bound of ℓ per ingress given what is placed. */
  readonly bound: Float64Array;
  /** Per tracked column: sum and sum of squares of utilisation. */
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

interface Extension {
  readonly state: State;
  readonly host: number;
  readonly value: number;
  readonly rank: number;
}

/**
 * Beam search over the services, callers first: keeps the `width` best partial placements by their lower bound, which is the
 * critical path so far plus the critical-path tail (`tail.ts`), and the resource terms of J under `utility`.
 * Returns up to `keep` complete placements, best first; none when every state ran out of room.
 */
export function beam(
  evaluator: Evaluator,
  tail: readonly Float64Array[],
  width: number,
  keep: number,
  fixed?: Int32Array,
): Int32Array[] {
  const { instance } = evaluator;
  const { services, snapshot, ingress, tasks, qos } = instance;
  const walks = Math.max(1, ingress.length);
  const hosts = snapshot.hosts.length;
  const resources = snapshot.resources.length;
  const utilisation = new Utilisation(instance);
  const columns = utilisation.columns;
  const utility = evaluator.objective === 'utility';
  const scale = !utility
    ? 1
    : OMEGA[0] / (qos.maxLatency > 0 && qos.maxLatency < Infinity ? qos.maxLatency : 100_000);
  const empty = emptyPartial(instance);
  let states: State[] = [
    {
      ...empty,
      bound: new Float64Array(walks),
      sum: utilisation.sum.slice(),
      squares: utilisation.squares.slice(),
    },
  ];
  const arrival = Array.from({ length: walks }, () => new Float64Array(hosts));

  const resourceCost = (state: State, host: number, request: Float64Array): number => {
    let total = 0;
    let spread = 0;
    for (const r of columns) {
      const at = host * resources + r;
      const unit = utilisation.perUnit[at] ?? 0;
      const before = (utilisation.base[at] ?? 0) + (state.extra[at] ?? 0) * unit;
      const after = before + (request[r] ?? 0) * unit;
      const sum = (state.sum[r] ?? 0) + after - before;
      const squares = (state.squares[r] ?? 0) + after * after - before * before;
      total += sum / utilisation.hosts;
      spread += Math.max(0, squares / utilisation.hosts - (sum / utilisation.hosts) ** 2);
    }
    const kinds = Math.max(1, columns.length);
    return OMEGA[1] * (total / kinds) + OMEGA[2] * Math.min(1, (4 * spread) / kinds);
  };

  for (let task = 0; task < tasks; task++) {
    const s = instance.serviceOf[task] ?? 0;
    const service = services[s];
    if (service === undefined) continue;
    const replica = task - service.firstTask;
    const rest = tail[s] ?? new Float64Array(hosts);
    const extensions: Extension[] = [];
    for (const [rank, state] of states.entries()) {
      for (let g = 0; g < walks; g++) arrivals(evaluator, state, s, g, arrival[g] ?? new Float64Array());
      const candidates = hostsFor(instance, task, fixed);
      // Replicas are alike: only placements in ascending order of host are kept, the others are the same plan.
      const from = replica > 0 && fixed === undefined ? (state.assign[task - 1] ?? 0) : 0;
      for (let i = 0; i < candidates.length; i++) {
        const host = candidates[i] ?? 0;
        if (host < from || !fits(instance, state.extra, host, service.request)) continue;
        let value = 0;
        for (let g = 0; g < walks; g++) {
          const end = (arrival[g]?.[host] ?? 0) + (service.serveAndWait[host] ?? 0) + (rest[host] ?? 0);
          value += weighted(ingress[g]?.weight ?? 1, Math.max(state.bound[g] ?? 0, end));
        }
        if (value === Infinity) continue;
        if (utility) value = value * scale + resourceCost(state, host, service.request);
        extensions.push({ state, host, value, rank });
      }
    }
    extensions.sort((a, b) => a.value - b.value || a.rank - b.rank || a.host - b.host);
    states = extensions.slice(0, width).map(({ state, host }) => {
      const next: State = {
        assign: state.assign.slice(),
        finish: state.finish.slice(),
        extra: state.extra.slice(),
        bound: state.bound.slice(),
        sum: state.sum.slice(),
        squares: state.squares.slice(),
      };
      for (let g = 0; g < walks; g++) arrivals(evaluator, state, s, g, arrival[g] ?? new Float64Array());
      for (const r of columns) {
        const at = host * resources + r;
        const unit = utilisation.perUnit[at] ?? 0;
        const before = (utilisation.base[at] ?? 0) + (state.extra[at] ?? 0) * unit;
        const after = before + (service.request[r] ?? 0) * unit;
        next.sum[r] = (next.sum[r] ?? 0) + after - before;
        next.squares[r] = (next.squares[r] ?? 0) + after * after - before * before;
      }
      const finishOf = (g: number): number => (arrival[g]?.[host] ?? 0) + (service.serveAndWait[host] ?? 0);
      placeTask(evaluator, next, task, host, finishOf);
      for (let g = 0; g < walks; g++) {
        next.bound[g] = Math.max(next.bound[g] ?? 0, finishOf(g) + (rest[host] ?? 0));
      }
      return next;
    });
    if (states.length === 0) return [];
  }
  return states.slice(0, keep).map((state) => state.assign);
}
