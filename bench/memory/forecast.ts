import { Random } from '#learning/random.ts';
import { dagFeatures } from '#memory/retrieval/dag-features.ts';
import type { DagFeatures } from '#memory/retrieval/dag-features.ts';
import { matchDags } from '#memory/retrieval/edit-distance.ts';
import { ordered, weightsOf } from '#memory/retrieval/rank.ts';
import type { Near } from '#memory/retrieval/rank.ts';
import { SET_MODEL } from '#memory/retrieval/ranking-model.ts';
import type { RankingModel } from '#memory/retrieval/ranking-model.ts';
import { NEAREST } from '#memory/retrieval/retrieve.ts';
import type { Situation } from '#memory/retrieval/situation.ts';
import { OUTCOMES, outcomeOf } from '#memory/retrieval/training/example.ts';
import { dagHash } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { cosine } from '#memory/trace/vector.ts';

/** κ: traces that a forecast is made of, as many as a plan is given. */
export const KAPPA = 8;

/** Ways to choose the κ. */
export const METHODS = [
  'random',
  'DAG only',
  'vector only',
  'learned metric only',
  'composite',
  'composite, nothing runs',
  'composite, set',
  'composite alone',
] as const;
export type Method = (typeof METHODS)[number];

/** Traces with how much each says. */
type Chosen = readonly { readonly trace: Trace; readonly score: number }[];

/** The `NEAREST` by exact cosine: what an embedded store answers. */
export function nearestOf(situation: Situation, memory: readonly Trace[]): Near[] {
  const similarities = Float64Array.from(memory, (trace) => cosine(situation.vector, trace.vector));
  const least = similarities.toSorted()[Math.max(0, memory.length - NEAREST)] ?? -Infinity;
  return memory
    .flatMap((trace, i) => {
      const similarity = similarities[i] ?? -Infinity;
      if (similarity < least) return [];
      return [{ hit: { id: trace.id, similarity, reward: trace.realisedUtility, own: true }, trace }];
    })
    .sort((a, b) => b.hit.similarity - a.hit.similarity || (a.trace.id < b.trace.id ? -1 : 1))
    .slice(0, NEAREST);
}

/** Chooses and weighs traces for situations, each method from the same memory. */
export class Chooser {
  readonly #memory: readonly Trace[];
  readonly #model: RankingModel;
  readonly #random = new Random(1).split('chosen');
  /** The first traces of each structure of DAG, in order of id. */
  readonly #byDag: readonly { readonly dag: DagFeatures; readonly traces: readonly Trace[] }[];

  constructor(memory: readonly Trace[], model: RankingModel) {
    this.#memory = memory;
    this.#model = model;
    const sorted = memory.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const groups = Map.groupBy(sorted, (trace) => dagHash(trace.dag));
    this.#byDag = [...groups.values()].flatMap((traces) =>
      traces[0] === undefined ? [] : [{ dag: dagFeatures(traces[0].dag), traces: traces.slice(0, KAPPA) }],
    );
  }

  /** The κ of every method, the best first. */
  choose(situation: Situation): Record<Method, Chosen> {
    const near = nearestOf(situation, this.#memory);
    const by = (model: RankingModel): Chosen => ordered(situation, near, model).slice(0, KAPPA);
    const all = ordered(situation, near, this.#model);
    const drawn = Array.from({ length: KAPPA }, () => this.#memory[this.#random.whole(this.#memory.length)]);
    return {
      random: drawn.flatMap((trace) => (trace === undefined ? [] : [{ trace, score: 1 }])),
      'DAG only': this.#alike(situation),
      'vector only': near.slice(0, KAPPA).map(({ hit, trace }) => ({ trace, score: hit.similarity })),
      // What the composite's largest part does without the others.
      'learned metric only': all
        .map(({ trace, composite }) => ({ trace, score: composite.metric }))
        .sort((a, b) => b.score - a.score || (a.trace.id < b.trace.id ? -1 : 1))
        .slice(0, KAPPA),
      composite: all.slice(0, KAPPA),
      // As before a first plan: neither a placement nor what is expected of it is known.
      'composite, nothing runs': ordered(
        { ...situation, placed: new Map(), expected: undefined },
        near,
        this.#model,
      ).slice(0, KAPPA),
      'composite, set': by(SET_MODEL),
      'composite alone': all
        .map(({ trace, composite }) => ({ trace, score: composite.similarity }))
        .sort((a, b) => b.score - a.score || (a.trace.id < b.trace.id ? -1 : 1))
        .slice(0, KAPPA),
    };
  }

  #alike({ dag }: Situation): Chosen {
    const wanted = dagFeatures(dag);
    return this.#byDag
      .flatMap(({ dag: there, traces }) => {
        const score = matchDags(wanted, there).similarity;
        return traces.map((trace) => ({ trace, score }));
      })
      .sort((a, b) => b.score - a.score || (a.trace.id < b.trace.id ? -1 : 1))
      .slice(0, KAPPA);
  }

  /** Absolute error of each outcome when it is foretold as the weighted mean of the chosen. */
  errors(chosen: Chosen, method: Method, truth: readonly number[]): number[] {
    const temperature =
      method.startsWith('composite') && method !== 'composite, set'
        ? this.#model.temperature
        : SET_MODEL.temperature;
    const weights = weightsOf(
      chosen.map(({ score }) => score),
      temperature,
    );
    return OUTCOMES.map((_, c) => {
      const foretold = chosen.reduce(
        (sum, { trace }, i) => sum + (weights[i] ?? 0) * (outcomeOf(trace)[c] ?? 0),
        0,
      );
      return Math.abs(foretold - (truth[c] ?? 0));
    });
  }
}
