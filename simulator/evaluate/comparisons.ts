import type { RunResult } from '../result.ts';
import { quantileOf } from '../statistics/distribution.ts';
import { holm, paired } from '../statistics/paired.ts';
import type { Comparison } from '../statistics/paired.ts';
import { violationShare } from '../statistics/recovery.ts';

/** Figures of a run that orchestrators are compared by; less is better in all. */
const MEASURES = {
  violations: ({ total }: RunResult) => violationShare(total),
  'latency.mean': ({ total }: RunResult) => total.latency.mean,
  'latency.p99': ({ total }: RunResult) => quantileOf(total.latency, 0.99),
} as const;

export type Measure = keyof typeof MEASURES;

/** One pair of orchestrators on one scenario by one measure: `difference` is `orchestrator - against`. */
export interface PairedRow extends Comparison {
  readonly scenario: string;
  readonly measure: Measure;
  readonly orchestrator: string;
  readonly against: string;
  /** p corrected for all pairs of this scenario and measure (Holm). */
  readonly corrected?: number;
}

/** Every pair of orchestrators of every scenario, on the replications that both have. */
export function compareAll(results: readonly RunResult[]): PairedRow[] {
  const scenarios = Map.groupBy(results, (r) => JSON.stringify([r.scenarioDigest, r.seed]));
  return [...scenarios.values()].flatMap((runs) => {
    const byName = Map.groupBy(runs, ({ orchestrator }) => orchestrator);
    const names = [...byName.keys()];
    const pairs = names.flatMap((against, i) => names.slice(i + 1).map((name) => [name, against] as const));
    return (Object.keys(MEASURES) as Measure[]).flatMap((measure) => {
      const rows = pairs.map(([orchestrator, against]): PairedRow => {
        const scenario = runs[0]?.scenario ?? '';
        const both = together(byName.get(orchestrator) ?? [], byName.get(against) ?? []);
        const of = MEASURES[measure];
        const comparison = paired(
          both.map(([a]) => of(a)),
          both.map(([, b]) => of(b)),
        );
        return { scenario, measure, orchestrator, against, ...comparison };
      });
      const tested = rows.filter(({ p }) => p !== undefined);
      const corrected = holm(tested.map(({ p }) => p ?? 1));
      return rows.map((row) => {
        const at = tested.indexOf(row);
        return at === -1 ? row : { ...row, corrected: corrected[at] ?? 1 };
      });
    });
  });
}

/** The same comparison seen from the other side. */
export function turned(row: PairedRow): PairedRow {
  const { interval, effect } = row;
  return {
    ...row,
    orchestrator: row.against,
    against: row.orchestrator,
    difference: -row.difference,
    ...(interval === undefined ? {} : { interval: { low: -interval.high, high: -interval.low } }),
    ...(effect === undefined ? {} : { effect: -effect }),
  };
}

function together(a: readonly RunResult[], b: readonly RunResult[]): (readonly [RunResult, RunResult])[] {
  const other = new Map(b.map((run) => [run.replication, run]));
  return a.flatMap((run) => {
    const match = other.get(run.replication);
    return match === undefined ? [] : [[run, match] as const];
  });
}
