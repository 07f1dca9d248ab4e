import type { Interval } from '../statistics/interval.ts';
import { turned } from './comparisons.ts';
import type { PairedRow } from './comparisons.ts';
import type { Estimate, Row } from './summary.ts';

/** A table before it has a look. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const ms = (micros: number): string => {
  const value = micros / 1000;
  return Math.abs(value) >= 99.95
    ? value.toFixed(0)
    : Math.abs(value) >= 9.995
      ? value.toFixed(1)
      : value.toFixed(2);
};
const percent = (share: number): string => (100 * share).toFixed(2);
const plain = (value: number): string => value.toFixed(value >= 99.5 || Number.isInteger(value) ? 0 : 1);

/** `12.3 [11.9, 12.8]`; without the interval when there is none. */
const withInterval = ({ value, interval }: Estimate, text: (value: number) => string): string =>
  interval === undefined ? text(value) : `${text(value)} ${bracket(interval, text)}`;
const bracket = ({ low, high }: Interval, text: (value: number) => string): string =>
  `[${text(low)}, ${text(high)}]`;

const wallMs = (value: number): string => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

const HEAD = [
  'ORCHESTRATOR',
  'MEAN ms',
  'P50 ms',
  'P95 ms',
  'P99 ms',
  'VIOLATED %',
  'FAILED %',
  'MOVES',
  'CPU %',
  'BALANCE',
  'TENANTS',
];

/** One table per scenario: a line per orchestrator. PLAN is the first plan's time and the mean of the later ones. */
export function resultTables(rows: readonly Row[]): Table[] {
  return [...Map.groupBy(rows, ({ scenario, seed }) => JSON.stringify([scenario, seed])).values()].map(
    (group) => {
      const [first] = group;
      const several = group.some(({ replications }) => replications > 1);
      const disturbed = group.some(({ recovery }) => recovery.disturbances > 0);
      const runs = `${first?.replications ?? 0} replication${several ? 's' : ''} of seed ${first?.seed ?? 0}`;
      return {
        title: `${first?.scenario ?? ''}: ${((first?.requests ?? 0) / 1000).toFixed(0)} k requests, ${runs}`,
        head: disturbed ? [...HEAD, 'RECOVERY s', 'PLAN ms'] : [...HEAD, 'PLAN ms'],
        rows: group.map((row) => [
          row.orchestrator,
          withInterval(row.latency.mean, ms),
          ms(row.latency.p50.value),
          ms(row.latency.p95.value),
          withInterval(row.latency.p99, ms),
          withInterval(row.violations, percent),
          percent(row.failed.lost + row.failed.expired + row.failed.refused),
          plain(row.moves.value),
          (100 * row.utilisation.value).toFixed(1),
          row.balance.value.toFixed(3),
          row.tenantFairness.toFixed(3),
          ...(disturbed ? [recovery(row.recovery)] : []),
          `${wallMs(row.planMillis.first)} / ${wallMs(row.planMillis.mean)}`,
        ]),
      };
    },
  );
}

function recovery({ disturbances, meanMicros, unrecovered }: Row['recovery']): string {
  if (disturbances === 0) return '';
  const back = meanMicros === undefined ? '-' : (meanMicros / 1e6).toFixed(1);
  return unrecovered === 0 ? back : `${back} (${unrecovered} of ${disturbances} never)`;
}

/** Per scenario, every orchestrator against the baseline on the same replications; none for single replications. */
export function comparisonTables(comparisons: readonly PairedRow[], baseline: string): Table[] {
  const against = comparisons
    .map((row) => (row.orchestrator === baseline ? turned(row) : row))
    .filter((row) => row.against === baseline && row.p !== undefined);
  return [...Map.groupBy(against, ({ scenario }) => scenario)].map(([scenario, rows]) => ({
    title: `${scenario}: difference to ${baseline} on the same ${rows[0]?.pairs ?? 0} replications, with d_z and p (Holm)`,
    head: ['ORCHESTRATOR', 'VIOLATED points', 'd_z', 'p', 'MEAN ms', 'd_z', 'p', 'P99 ms', 'd_z', 'p'],
    rows: [...Map.groupBy(rows, ({ orchestrator }) => orchestrator)].map(([name, measures]) => [
      name,
      ...(['violations', 'latency.mean', 'latency.p99'] as const).flatMap((measure) => {
        const row = measures.find((one) => one.measure === measure);
        if (row === undefined) return ['', '', ''];
        const text = measure === 'violations' ? percent : ms;
        return [
          withInterval({ value: row.difference, interval: row.interval }, text),
          row.effect === undefined ? '-' : row.effect.toFixed(1),
          probability(row.corrected ?? 1),
        ];
      }),
    ]),
  }));
}

const probability = (p: number): string => (p < 0.001 ? '<0.001' : p.toFixed(3));

/** As GitHub-flavoured Markdown. */
export function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
