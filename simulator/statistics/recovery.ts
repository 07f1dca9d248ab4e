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

/** Violated share of all requests between two moments of a timeline: what was usual there. */
export function usualShare(timeline: readonly Period[], fromMicros: number, untilMicros: number): number {
  const periods = timeline.filter(({ atMicros }) => fromMicros <= atMicros && atMicros < untilMicros);
  return violationShare({
    arrived: periods.reduce((sum, p) => sum + p.arrived, 0),
    violated: periods.reduce((sum, p) => sum + p.violated, 0),
  });
}
