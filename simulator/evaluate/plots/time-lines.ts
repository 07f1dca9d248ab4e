import type { TopLevelSpec } from 'vega-lite';
import type { Period, RunResult } from '../../result.ts';
import { failuresOf, violationShare } from '../../statistics/recovery.ts';
import { COLOURS, LOOK } from './render.ts';

/** Points of a line at most: periods are put together until they are that few. */
const POINTS = 120;

/** One of the pictures above each other. */
type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

type Layer = Extract<Panel, { layer: unknown; width?: unknown }>['layer'][number];

/** What one line shows in one stretch of time. */
interface Point {
  readonly orchestrator: string;
  readonly seconds: number;
  readonly violated: number;
  readonly moves: number;
  readonly rate: number;
  readonly down: number;
}

/**
 * Violations, moves, arrivals and nodes that are down, over simulated time, means over the replications; the grey part is the
 * warm-up, dashes are failures of nodes.
 */
export function timeLines(scenario: string, runs: readonly RunResult[]): TopLevelSpec {
  const names = [...new Set(runs.map(({ orchestrator }) => orchestrator))];
  const points = names.flatMap((name) =>
    pointsOf(
      name,
      runs.filter((run) => run.orchestrator === name),
    ),
  );
  const [first] = runs;
  const failures = [...new Set(runs.flatMap(({ timeline }) => failuresOf(timeline)))].map((at) => at / 1e6);
  const end = (first?.simulatedMicros ?? 0) / 1e6;
  const unit =
    end > 7200
      ? { name: 'h', seconds: 3600 }
      : end > 600
        ? { name: 'min', seconds: 60 }
        : { name: 's', seconds: 1 };
  const timed = points.map((p) => ({ ...p, at: p.seconds / unit.seconds }));
  const domain: [number, number] = [0, end / unit.seconds];
  const x = { field: 'at', type: 'quantitative' as const, scale: { domain, nice: false } };
  const colour = {
    field: 'orchestrator',
    type: 'nominal',
    sort: names,
    scale: COLOURS,
    title: 'orchestrator',
  } as const;
  const warmup: Layer = {
    data: { values: [{ from: 0, to: (first?.warmupMicros ?? 0) / 1e6 / unit.seconds }] },
    mark: { type: 'rect', color: '#eee' },
    encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
  };
  const marks: Layer = {
    data: { values: (failures.length <= 40 ? failures : []).map((at) => ({ at: at / unit.seconds })) },
    mark: { type: 'rule', strokeDash: [4, 3], color: '#555' },
    encoding: { x },
  };
  const panel = (
    field: 'violated' | 'moves' | 'rate' | 'down',
    title: string,
    height: number,
    over: { format?: string; last?: boolean; least?: number } = {},
  ): Panel => ({
    width: 560,
    height,
    layer: [
      warmup,
      {
        mark: { type: 'line', strokeWidth: 1.3, interpolate: 'step-after', clip: true },
        encoding: {
          x: {
            ...x,
            axis: {
              title: over.last === true ? `simulated time, ${unit.name}` : null,
              labels: over.last === true,
            },
          },
          y: {
            field,
            type: 'quantitative',
            scale: {
              zero: true,
              domainMin: 0,
              ...(over.least === undefined || points.some((p) => p[field] > 0)
                ? {}
                : { domainMax: over.least }),
            },
            axis: {
              title,
              tickCount: Math.round(height / 30),
              ...(over.format === undefined ? {} : { format: over.format }),
            },
          },
          color: colour,
        },
      },
      marks,
    ],
  });
  return {
    ...LOOK,
    title: `${scenario}: violations over time`,
    data: { values: timed },
    spacing: 14,
    vconcat: [
      panel('violated', 'violated requests', 200, { format: '.0%' }),
      panel('moves', 'moves', 70, { least: 1, format: '~r' }),
      panel('rate', 'requests/s', 70, { format: '~s', last: failures.length === 0 }),
      ...(failures.length === 0
        ? []
        : [panel('down', 'nodes down', 50, { last: true, least: 1, format: '~r' })]),
    ],
  };
}

function pointsOf(orchestrator: string, runs: readonly RunResult[]): Point[] {
  const length = runs.reduce((most, { timeline }) => Math.max(most, timeline.length), 0);
  const each = Math.max(1, Math.ceil(length / POINTS));
  const [first] = runs;
  const end = first?.simulatedMicros ?? 0;
  const share = first?.sampledShare ?? 1;
  return Array.from({ length: Math.ceil(length / each) }, (_, i): Point => {
    const periods = runs.flatMap(({ timeline }) => timeline.slice(i * each, (i + 1) * each));
    const sum = (of: (period: Period) => number): number => periods.reduce((total, p) => total + of(p), 0);
    const start = periods[0]?.atMicros ?? 0;
    const next = first?.timeline[(i + 1) * each]?.atMicros ?? end;
    const seconds = ((next - start) / 1e6) * runs.length;
    const arrived = sum((p) => p.arrived);
    return {
      orchestrator,
      seconds: start / 1e6,
      violated: violationShare({ arrived, violated: sum((p) => p.violated) }),
      moves: sum((p) => p.moves) / runs.length,
      rate: seconds > 0 ? arrived / seconds / share : 0,
      down: periods.length === 0 ? 0 : sum((p) => p.nodesDown) / periods.length,
    };
  });
}
