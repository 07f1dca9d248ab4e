import type { Trace } from '#memory/trace/trace.ts';
import type { Near } from '../rank.ts';
import type { Situation } from '../situation.ts';

/** Outcomes that neighbours have to foretell, in the order of `outcomeOf`. */
export const OUTCOMES = ['latencyRatio', 'violated', 'busy', 'utility'] as const;

/** Cut of the latency ratio: beyond it a deployment has failed, by how much is chance. */
const MOST_RATIO = 4;

/**
 * How a deployment went: mean latency over its limit (cut at 4), share of requests that missed a limit, mean busy share of its
 * replicas, realised utility (cut at -1).
 */
export function outcomeOf({ dag, performance, realisedUtility }: Trace): [number, number, number, number] {
  const limit = dag.qos.maxLatencyMicros === 0 ? 100_000 : dag.qos.maxLatencyMicros;
  return [
    Math.min(MOST_RATIO, performance.latencyMicros / limit),
    performance.violationPpm / 1e6,
    performance.utilisationPpm / 1e6,
    Math.max(-1, realisedUtility),
  ];
}

/** One thing to learn from: a situation, the nearest in memory, and what came of it. */
export interface RankingExample {
  readonly situation: Situation;
  /** By cosine, the nearest first. None is of the situation's own scene. */
  readonly near: readonly Near[];
  readonly outcome: readonly number[];
}
