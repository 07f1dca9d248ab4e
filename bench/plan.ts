import { readFile } from 'node:fs/promises';
import { parseFiles, parseText } from '#crds/parse.ts';
import type { ParsedObjects } from '#crds/parse.ts';
import { PLAN_DEFAULTS } from '#planner/plan-options.ts';
import { planDag } from '#planner/plan.ts';
import type { PlanOptions } from '#planner/plan-options.ts';
import type { SourceName } from '#planner/sources.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { table } from '../bin/table.ts';
import { instanceObjects } from './instances/instance.ts';
import { largeWorld } from './large-world.ts';
import { sectionsAsked, wantsJson } from './arguments.ts';
import { figure, mean, median, quantile, report } from './report.ts';
import type { Figure } from './report.ts';

sectionsAsked({
  name: 'plan',
  about: 'How far plans are from proven optima, beside other planners, and how long they take.',
});
const FOLDER = new URL('./instances/', import.meta.url);
const PLANNERS: readonly SourceName[] = ['search', 'beam', 'heft', 'greedy', 'default-scheduler'];

interface Optimum {
  readonly services: number;
  readonly nodes: number;
  readonly latencyMicros: number;
  readonly proven: boolean;
}

interface Problem {
  readonly snapshot: Snapshot;
  readonly dag: ServiceDAG;
}

function problemOf(objects: ParsedObjects): Problem {
  const [dag] = objects.serviceDAGs;
  if (dag === undefined) throw new Error('an instance holds one ServiceDAG');
  return {
    dag,
    snapshot: snapshotOf({ nodes: objects.nodes, regions: objects.edgeRegions, dags: [dag], nowMs: 0 }),
  };
}

async function timed(problem: Problem, options: PlanOptions): Promise<{ latency: number; ms: number }> {
  const started = performance.now();
  const plan = await planDag(problem.snapshot, problem.dag, options);
  return { latency: plan.best?.predicted.latencyMicros ?? Infinity, ms: performance.now() - started };
}

const optima = JSON.parse(await readFile(new URL('optima.json', FOLDER), 'utf8')) as Record<string, Optimum>;
const proven = Object.entries(optima).filter(([, o]) => o.proven);
const problems = await Promise.all(
  proven.map(async ([name]) => problemOf(await parseFiles([new URL(`${name}.json`, FOLDER).pathname]))),
);

/** Gap of each instance in per cent; runs twice, the second time counts (the first warms the code). */
const gaps = new Map<SourceName, { gap: number; ms: number }[]>();
for (const planner of PLANNERS) {
  const rows: { gap: number; ms: number }[] = [];
  for (const [i, [, optimum]] of proven.entries()) {
    const problem = problems[i];
    if (problem === undefined) continue;
    const options: PlanOptions = { ...PLAN_DEFAULTS, objective: 'latency', planner };
    await timed(problem, options);
    const { latency, ms } = await timed(problem, options);
    rows.push({ gap: 100 * Math.max(0, latency / optimum.latencyMicros - 1), ms });
  }
  gaps.set(planner, rows);
}

async function times(services: number, nodes: number, runs: number): Promise<number[]> {
  const found: number[] = [];
  for (let run = -2; run < runs; run++) {
    const items = instanceObjects(services, nodes, 77 + run);
    const problem = problemOf(parseText(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'bench'));
    const { ms } = await timed(problem, { ...PLAN_DEFAULTS, objective: 'latency' });
    if (run >= 0) found.push(ms);
  }
  return found;
}

/** The 11-service online boutique on ever more nodes (an input of the network-aware scheduler's benchmark, with its cost). */
const growth: { nodes: number; ms: number; latency: number; cost: number }[] = [];
for (const nodes of [10, 100, 1000, 10_000]) {
  const world = await largeWorld(nodes);
  const runs: number[] = [];
  let best: { latency: number; cost: number } = { latency: NaN, cost: NaN };
  for (let run = -1; run < 5; run++) {
    const started = performance.now();
    const plan = await planDag(world.snapshot, world.dag, PLAN_DEFAULTS);
    if (run >= 0) runs.push(performance.now() - started);
    best = { latency: plan.best?.predicted.latencyMicros ?? NaN, cost: plan.best?.cost ?? NaN };
  }
  growth.push({ nodes, ms: median(runs), ...best });
}

const small = await times(8, 40, 25);
const large = await times(64, 200, 9);
const of = (planner: SourceName): number[] => (gaps.get(planner) ?? []).map((r) => r.gap);

if (!wantsJson()) {
  const rows = PLANNERS.map((planner) => {
    const own = gaps.get(planner) ?? [];
    const gap = own.map((r) => r.gap);
    const cell = (value: number): string => `${value.toFixed(2)} %`;
    return [
      planner,
      cell(mean(gap)),
      cell(median(gap)),
      cell(Math.max(...gap)),
      String(gap.filter((g) => g < 0.01).length),
      `${median(own.map((r) => r.ms)).toFixed(1)} ms`,
    ];
  });
  process.stdout.write(
    `Latency above the optimum that the MILP proved, ${proven.length} stored instances (bench/instances)\n\n` +
      `${table(['PLANNER', 'MEAN', 'MEDIAN', 'WORST', 'OPTIMAL', 'TIME p50'], rows)}\n`,
  );
  const sizes = growth.map((g) => [
    String(g.nodes),
    `${g.ms.toFixed(0)} ms`,
    `${(g.latency / 1000).toFixed(2)} ms`,
    g.cost.toFixed(4),
  ]);
  process.stdout.write(
    `\nOnline boutique (11 services) on the demo's regions\n\n${table(['NODES', 'TIME p50', 'LATENCY', 'COST J'], sizes)}\n`,
  );
}

const figures: Figure[] = [
  figure('plan.gap.mean', mean(of('search')), '%', '<= 2', proven.length),
  figure('plan.gap.worst', Math.max(...of('search')), '%', '<= 10', proven.length),
  figure('plan.gap.mean.greedy', mean(of('greedy')), '%', '', proven.length),
  figure('plan.gap.mean.default-scheduler', mean(of('default-scheduler')), '%', '', proven.length),
  figure('plan.instances.proven', proven.length, 'instances', '>= 30', proven.length),
  figure('plan.time.8x40.p50', median(small), 'ms', '<= 20', small.length),
  figure('plan.time.8x40.p99', quantile(small, 0.99), 'ms', '', small.length),
  figure('plan.time.boutique.10000nodes.p50', growth.at(-1)?.ms ?? NaN, 'ms', '', 5),
  figure('plan.time.64x200.p50', median(large), 'ms', '<= 1000', large.length),
];
report('plan', figures);
