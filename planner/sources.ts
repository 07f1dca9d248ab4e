import type { Evaluator } from '#world/evaluator.ts';
import { annealing } from './search/annealing.ts';
import { beam } from './search/beam.ts';
import { defaultScheduler } from './search/default-scheduler.ts';
import { exhaustive, placements } from './search/exhaustive.ts';
import { greedyEft, heft } from './search/greedy.ts';
import { localSearch } from './search/local-search.ts';
import { solveExactly } from './search/milp.ts';
import { judgementsPerMs } from './search/refine.ts';
import { latencyBound, tails } from './search/tail.ts';

/** One proposal of a source. */
export interface Candidate {
  readonly method: string;
  readonly assign: Int32Array;
  /** It broke a hard limit and was mended by local search. */
  readonly repaired: boolean;
  /** Every placement was tried: nothing is better. */
  readonly exact?: boolean;
  /** Where it comes from; search when absent. */
  readonly source?: 'Memory';
  /** Trace of the memory that it was made from. */
  readonly trace?: string;
}

/** Proposes placements for the evaluator's instance within a budget; at least one. */
export type Source = (evaluator: Evaluator, budgetMs: number, fixed?: Int32Array) => Promise<Candidate[]>;

const plain = (method: string, assign: Int32Array): Candidate => ({ method, assign, repaired: false });

/** Beam widths: the first is enough for most, the second is tried when the first found no room. */
const BEAM = 128;
const WIDE_BEAM = 1024;
/** Tasks x hosts above which half the width has to do: a plan should take well under a second. */
const LARGE = 6_000;
/** Complete placements of the beam that local search starts from. */
const STARTS = 1;
/** Placements of which every single one is tried instead of searching. */
const ALL = 20_000;
/** Evaluations without which a search is not worth starting, and after which small instances have converged. */
const ENOUGH = 100;

/** Evaluations that fit in a millisecond on the slowest machine we care for: a count, so that plans do not depend on the clock. */
export function evaluationsPerMs(evaluator: Evaluator): number {
  const { instance } = evaluator;
  const walks = Math.max(1, instance.ingress.length);
  const pairs = evaluator.flow.time.length;
  const contended = instance.edges.some((edge) => edge.bps > 0);
  return 1e6 / (400 + 60 * instance.tasks * walks + (contended ? 150 : 20) * pairs * (contended ? 1 : walks));
}

/** Greedy EFT, HEFT and beam as candidates, the best few improved by local search: the default planner. */
const search: Source = async (evaluator, budgetMs, fixed) => {
  const { instance } = evaluator;
  const few = placements(evaluator, fixed) <= Math.min(ALL, budgetMs * evaluationsPerMs(evaluator));
  const judgements = Math.floor(budgetMs * judgementsPerMs(instance));
  const all = few ? exhaustive(evaluator, Infinity, judgements, fixed) : undefined;
  if (all?.best !== undefined) {
    return [
      { ...plain('exhaustive', all.best), exact: all.proven },
      plain('greedy', greedyEft(evaluator, fixed)),
      plain('heft', heft(evaluator, fixed)),
    ];
  }
  const tail = tails(evaluator);
  const bound = evaluator.objective === 'latency' ? latencyBound(instance, evaluator, tail) : -Infinity;
  const starts = [plain('greedy', greedyEft(evaluator, fixed)), plain('heft', heft(evaluator, fixed))];
  const width = instance.tasks * instance.snapshot.hosts.length > LARGE ? BEAM / 2 : BEAM;
  let wide = beam(evaluator, tail, width, STARTS, fixed);
  if (wide.length === 0) wide = beam(evaluator, tail, WIDE_BEAM, STARTS, fixed);
  starts.push(...wide.map((assign) => plain('beam', assign)));
  const scored = starts
    .map((start) => ({ ...start, value: evaluator.value(start.assign) }))
    .toSorted((a, b) => a.value - b.value);
  const budget = Math.min(
    budgetMs * evaluationsPerMs(evaluator),
    ENOUGH * instance.tasks * Math.sqrt(instance.snapshot.hosts.length) * 2,
  );
  const runs = scored.slice(0, STARTS);
  const improved = runs.map(({ assign, method }) => {
    const found = localSearch(evaluator, assign, Math.floor(budget / runs.length), bound, fixed);
    return { method: `${method}+local`, assign: found.assign, repaired: false };
  });
  return [...improved, ...scored];
};

const sources = {
  search,
  greedy: async (evaluator, _budget, fixed) => [plain('greedy', greedyEft(evaluator, fixed))],
  heft: async (evaluator, _budget, fixed) => [plain('heft', heft(evaluator, fixed))],
  beam: async (evaluator, _budget, fixed) => {
    const [best] = beam(evaluator, tails(evaluator), BEAM, 1, fixed);
    return [best === undefined ? plain('greedy', greedyEft(evaluator, fixed)) : plain('beam', best)];
  },
  milp: async (evaluator, budgetMs, fixed) => {
    const seeds = await search(evaluator, 50, fixed);
    const exact = await solveExactly(
      evaluator,
      seeds.map((s) => s.assign),
      Math.max(budgetMs, 1000),
      fixed,
    );
    return [plain(exact.proven ? 'milp' : 'milp (not proven)', exact.assign), ...seeds];
  },
  annealing: async (evaluator, budgetMs, fixed) => {
    const start = greedyEft(evaluator, fixed);
    const evaluations = Math.floor(budgetMs * evaluationsPerMs(evaluator));
    return [plain('annealing', annealing(evaluator, start, evaluations, fixed)), plain('greedy', start)];
  },
  'default-scheduler': async ({ instance }, _budget, fixed) => [
    plain('default-scheduler', defaultScheduler(instance, 1, fixed)),
  ],
} satisfies Record<string, Source>;

/** Names that `--planner` takes. */
export type SourceName = keyof typeof sources;

/** All planners by name. */
export const SOURCE_NAMES = Object.keys(sources) as SourceName[];

/** The source of a name. */
export const sourceOf = (name: SourceName): Source => sources[name];
