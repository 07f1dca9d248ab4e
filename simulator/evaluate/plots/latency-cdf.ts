import type { TopLevelSpec } from 'vega-lite';
import type { RunResult } from '../../result.ts';
import { cumulative, merged } from '../../statistics/distribution.ts';
import { COLOURS, LOOK } from './render.ts';

/** Cumulative distribution of latency over all replications, one line per orchestrator, on a logarithmic axis of milliseconds. */
export function latencyCdf(scenario: string, runs: readonly RunResult[]): TopLevelSpec {
  const names = [...new Set(runs.map(({ orchestrator }) => orchestrator))];
  const points = names.flatMap((orchestrator) => {
    const own = runs.filter((run) => run.orchestrator === orchestrator);
    return cumulative(merged(own.map(({ total }) => total.latency))).map(({ value, share }) => ({
      orchestrator,
      ms: value / 1000,
      share,
    }));
  });
  return {
    ...LOOK,
    title: `${scenario}: latency of completed requests`,
    width: 560,
    height: 320,
    data: { values: points },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'ms',
        type: 'quantitative',
        scale: { type: 'log', nice: false },
        axis: { title: 'latency, ms', values: ticks(points.map(({ ms }) => ms)), format: '~g' },
      },
      y: {
        field: 'share',
        type: 'quantitative',
        scale: { domain: [0, 1] },
        axis: { title: 'share of requests', format: '.0%' },
      },
      color: { field: 'orchestrator', type: 'nominal', sort: names, scale: COLOURS, title: 'orchestrator' },
    },
  };
}

/** 1, 2, 5, 10, ... between the least and the largest value. */
function ticks(values: readonly number[]): number[] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  return [-3, -2, -1, 0, 1, 2, 3, 4, 5]
    .flatMap((exponent) => [1, 2, 5].map((digit) => Number(`${digit}e${exponent}`)))
    .filter((tick) => low <= tick && tick <= high);
}
