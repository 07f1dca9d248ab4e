import type { Period } from '../result.ts';

/** When service counts as recovered. */
export interface RecoveryRule {
  /** Share of a period's requests that may be violated. */
  readonly share: number;
  /** Periods in a row that must keep to it. */
  readonly periods: number;
}

export const RECOVERY: RecoveryRule = { share: 0.05, periods: 3 };

/** Violated requests of those that ended, between 0 and 1; 0 when none ended. */
export const violationShare = ({ arrived, violated }: { arrived: number; violated: number }): number =>
  arrived === 0 ? 0 : Math.min(1, violated / arrived);

/**
 * Microseconds from a disturbance to the start of the first run of `periods` periods within `share`: 0 when service never left it,
 * Infinity when it did not come back before the end, `undefined` when the timeline does not reach the disturbance. The period in
 * which the disturbance falls counts, and resolution is one period.
 */
export function recoveryMicros(
  timeline: readonly Period[],
  atMicros: number,
  rule: RecoveryRule = RECOVERY,
): number | undefined {
  const first = timeline.findLastIndex((period) => period.atMicros <= atMicros);
  const last = timeline.at(-1);
  const before = timeline.at(-2);
  if (first === -1 || last === undefined) return undefined;
  const length = before === undefined ? Infinity : last.atMicros - before.atMicros;
  if (atMicros > last.atMicros + length) return undefined;
  let run = 0;
  for (let i = first; i < timeline.length; i++) {
    const period = timeline[i];
    if (period === undefined) break;
    run = violationShare(period) <= rule.share ? run + 1 : 0;
    if (run === rule.periods) {
      const start = timeline[i - run + 1]?.atMicros ?? 0;
      return Math.max(0, start - atMicros);
    }
  }
  return Infinity;
}

/**
 * Moments of failures, as the timeline shows them: ends of the periods in which more nodes are down than in the one before. A
 * failure in the last period is left out: nothing follows it.
 */
export function failuresOf(timeline: readonly Period[]): number[] {
  return timeline.flatMap((period, i) => {
    const next = timeline[i + 1];
    return next !== undefined && period.nodesDown > (timeline[i - 1]?.nodesDown ?? 0) ? [next.atMicros] : [];
  });
}

/** Periods before a moment that say what is usual, and how much more than that is a burst. */
const USUAL_PERIODS = 20;
const BURST_FACTOR = 1.5;

/** A time of unusually many requests, from its first period to the end of its last. */
export interface Burst {
  readonly fromMicros: number;
  readonly untilMicros: number;
}

/**
 * Bursts, as the timeline shows them: at least three periods in a row with half as many requests again as the median of the 20
 * before them. A day's slow rise is none, and one that lasts to the end is left out: nothing follows it.
 */
export function burstsOf(timeline: readonly Period[]): Burst[] {
  const bursts: Burst[] = [];
  for (let i = USUAL_PERIODS; i < timeline.length; i++) {
    const before = timeline.slice(i - USUAL_PERIODS, i).map(({ arrived }) => arrived);
    const usual = before.toSorted((a, b) => a - b)[USUAL_PERIODS / 2] ?? 0;
    let end = i;
    while ((timeline[end]?.arrived ?? 0) > BURST_FACTOR * usual) end++;
    const [from, until] = [timeline[i], timeline[end]];
    if (end - i < RECOVERY.periods || from === undefined || until === undefined) continue;
    bursts.push({ fromMicros: from.atMicros, untilMicros: until.atMicros });
    i = end;
  }
  return bursts;
}

/** Violated share of all requests between two moments of a timeline: what was usual there. */
export function usualShare(timeline: readonly Period[], fromMicros: number, untilMicros: number): number {
  const periods = timeline.filter(({ atMicros }) => fromMicros <= atMicros && atMicros < untilMicros);
  return violationShare({
    arrived: periods.reduce((sum, p) => sum + p.arrived, 0),
    violated: periods.reduce((sum, p) => sum + p.violated, 0),
  });
}
