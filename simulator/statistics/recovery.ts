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

/** Starts of the periods in which more nodes are down than in the one before: failures, as the timeline shows them. */
export function failuresOf(timeline: readonly Period[]): number[] {
  return timeline
    .filter((period, i) => period.nodesDown > (timeline[i - 1]?.nodesDown ?? 0))
    .map(({ atMicros }) => atMicros);
}
