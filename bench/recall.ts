import { quantity } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { Random } from '#learning/random.ts';
import { PLAN_DEFAULTS } from '#planner/plan-options.ts';
import { planDag } from '#planner/plan.ts';
import type { Plan } from '#planner/plan.ts';
import { objectiveOf, wrongness } from '#planner/search/refine.ts';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf, withClaim } from '#world/snapshot.ts';
import { Ladder } from '#simulator/orchestrators/ladder.ts';
import { RunMemory } from '#simulator/orchestrators/memory.ts';
import { recipeOf } from '#simulator/orchestrators/recipe.ts';
import { prepare } from '#simulator/evaluate/run-job.ts';
import type { Observation, Orchestrator, Placement } from '#simulator/orchestrator.ts';
import type { RunResult } from '#simulator/result.ts';
import { runOnce } from '#simulator/run.ts';
import { expand } from '#simulator/scenario/read.ts';
import { paired } from '#simulator/statistics/paired.ts';
import { table } from '../bin/table.ts';
import { sectionsAsked, wantsJson } from './arguments.ts';
import { figure, mean, median, report } from './report.ts';
import type { Figure } from './report.ts';

sectionsAsked({
  name: 'recall',
  about: `Whether plans gain by the memory. Cities of S3 live through a day, whose outcomes become traces; then
(1) their applications are planned again in the cities as they are later (fewer nodes, other loads), by search
alone and beside a memory, with the same evaluations in all; (2) another day is simulated.`,
  environment: ['EDGELOOM_CITIES  cities (8): fewer take less time'],
});
const CITIES = Number(process.env['EDGELOOM_CITIES'] ?? 8);
/** A simulated day, shortened: two windows and a little of the third. */
const DAY_MICROS = 65e6;
const BUDGETS_MS = [0.02, 0.2, 2, 20];
/** Memory takes a quarter of the search's budget beside it: with four fifths each, both cost the same. */
const EQUAL = 0.8;
const SCENARIO = 'S3';
const LOST = 0.15;

const say = (text: string): void => {
  if (!wantsJson()) process.stderr.write(`${text}\n`);
};

/** A day of a city; `first` sees what is there before anything is placed. */
async function day(
  seed: number,
  replication: number,
  orchestrator: string,
  memory: RunMemory | undefined,
  first: (objects: Objects) => void = () => undefined,
): Promise<RunResult> {
  const [found] = expand(SCENARIO);
  if (found === undefined) throw new Error(`${SCENARIO} has no case`);
  const job = {
    source: SCENARIO,
    scenario: SCENARIO,
    scenarioDigest: found.digest,
    orchestrator,
    seed,
    replication,
  };
  const { city, fate, settings } = prepare(job);
  const inner = new Ladder(recipeOf(orchestrator), memory);
  let isFirst = true;
  const watched: Orchestrator = {
    name: inner.name,
    plan: (seen: Observation): Promise<readonly Placement[]> => {
      if (isFirst) first(seen.objects);
      isFirst = false;
      return inner.plan(seen);
    },
    act: (seen: Observation): readonly Placement[] => inner.act(seen),
  };
  return runOnce(city, fate, watched, { ...settings, untilMicros: DAY_MICROS });
}

/** The city later: some nodes are gone, every application has other loads. */
function later(objects: Objects, seed: number): Objects {
  const random = new Random(seed).split('later');
  const nodes = objects.nodes.filter(() => random.uniform() >= LOST);
  const dags = objects.dags.map((dag): ServiceDAG => {
    const ingress = dag.spec.ingress.map((entry) => {
      const rate = quantity(entry.requestsPerSecond ?? '0');
      return { ...entry, requestsPerSecond: `${Math.round(1000 * rate * (0.6 + 0.7 * random.uniform()))}m` };
    });
    return { ...dag, spec: { ...dag.spec, ingress } };
  });
  return { ...objects, nodes, dags };
}

/** J of a plan; infinite when it breaks a hard limit. */
const costOf = ({ best }: Plan): number =>
  best === undefined || wrongness(best) > 0 ? Infinity : objectiveOf('utility', best);

interface Pair {
  readonly memory: string;
  readonly budgetMs: number;
  readonly alone: number;
  readonly beside: number;
  readonly won: boolean;
  /** J of the best recalled placement as it is, without any search. */
  readonly recalled: number;
}

/** Every application of a world, each planned on what the ones before it hold, alone and beside each memory. */
async function compared(world: Objects, memories: ReadonlyMap<string, RunMemory>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  let snapshot = snapshotOf(world);
  const seen = { objects: world } as Observation;
  for (const dag of world.dags) {
    const instance = instanceOf(snapshot, dag);
    const evaluator = new Evaluator(instance, 'utility');
    const asRecalled = new Map<string, number>();
    for (const [name, memory] of memories) {
      const recalled = await memory.recallIn(seen)(snapshot, dag);
      const judged = recalled.candidates(evaluator).map(({ assign }) => judge(instance, assign));
      const costs = judged.map((one) => (wrongness(one) > 0 ? Infinity : one.cost));
      asRecalled.set(name, Math.min(Infinity, ...costs));
    }
    for (const budgetMs of BUDGETS_MS) {
      const alone = costOf(await planDag(snapshot, dag, { ...PLAN_DEFAULTS, budgetMs }));
      for (const [name, memory] of memories) {
        const recall = memory.recallIn(seen);
        const plan = await planDag(snapshot, dag, { ...PLAN_DEFAULTS, budgetMs: budgetMs * EQUAL, recall });
        pairs.push({
          memory: name,
          budgetMs,
          alone,
          beside: costOf(plan),
          won: plan.source === 'Memory',
          recalled: asRecalled.get(name) ?? Infinity,
        });
      }
    }
    const reference = await planDag(snapshot, dag, PLAN_DEFAULTS);
    if (reference.feasible && reference.best !== undefined)
      snapshot = withClaim(snapshot, reference.best.claim);
  }
  return pairs;
}

const seeds = Array.from({ length: CITIES }, (_, i) => i + 1);
const own = new Map<number, RunMemory>();
const start = new Map<number, Objects>();
for (const seed of seeds) {
  const memory = new RunMemory();
  await day(seed, 0, 'search:memory', memory, (objects) => start.set(seed, objects));
  own.set(seed, memory);
  const { traces } = await memory.stats();
  say(`city ${seed}: ${traces} traces, ${memory.quarantined} quarantined`);
}

const pairs: Pair[] = [];
for (const seed of seeds) {
  const objects = start.get(seed);
  const mine = own.get(seed);
  if (objects === undefined || mine === undefined) continue;
  const others = await RunMemory.of([...own].filter(([other]) => other !== seed).map(([, memory]) => memory));
  const memories = new Map([
    ['own', mine],
    ['others', others],
  ]);
  pairs.push(...(await compared(later(objects, seed), memories)));
  say(`city ${seed} is planned again`);
}

const figures: Figure[] = [];
const rows: string[][] = [];
for (const memory of ['own', 'others']) {
  for (const budgetMs of BUDGETS_MS) {
    const all = pairs.filter((p) => p.memory === memory && p.budgetMs === budgetMs);
    const both = all.filter(({ alone, beside }) => Number.isFinite(alone) && Number.isFinite(beside));
    const { difference, interval } = paired(
      both.map(({ beside, alone }) => (100 * beside) / alone),
      both.map(() => 100),
    );
    const share = (of: (p: Pair) => boolean): number => (100 * all.filter(of).length) / all.length;
    const key = `recall.${memory}.${budgetMs}ms`;
    figures.push(figure(`${key}.cost`, difference, '%', '', both.length));
    figures.push(
      figure(
        `${key}.won`,
        share((p) => p.won),
        '%',
        '',
        all.length,
      ),
    );
    rows.push([
      memory,
      `${budgetMs} ms`,
      mean(both.map(({ alone }) => alone)).toFixed(4),
      mean(both.map(({ beside }) => beside)).toFixed(4),
      `${difference.toFixed(2)} [${interval?.low.toFixed(2) ?? ''}, ${interval?.high.toFixed(2) ?? ''}]`,
      `${share((p) => p.won).toFixed(0)} %`,
      `${share((p) => p.beside < p.alone - 1e-9).toFixed(0)} / ${share((p) => p.beside > p.alone + 1e-9).toFixed(0)} %`,
    ]);
  }
}
for (const memory of ['own', 'others']) {
  const all = pairs.filter((p) => p.memory === memory && p.budgetMs === BUDGETS_MS.at(-1));
  const both = all.filter(({ alone, recalled }) => Number.isFinite(alone) && Number.isFinite(recalled));
  const loss = both.map(({ alone, recalled }) => 100 * (recalled / alone - 1));
  figures.push(figure(`recall.${memory}.unsearched.loss`, median(loss), '%', '', both.length));
  figures.push(
    figure(`recall.${memory}.unsearched.feasible`, (100 * both.length) / all.length, '%', '', all.length),
  );
}
const violatedBy = new Map<string, number[]>();
const days: string[][] = [];
for (const orchestrator of ['search', 'search:memory', 'search:tenth', 'search:memory,tenth']) {
  const results: RunResult[] = [];
  for (const seed of seeds) {
    const isMemory = orchestrator.includes('memory');
    const memory = isMemory ? await RunMemory.of([own.get(seed) ?? new RunMemory()]) : undefined;
    results.push(await day(seed, 1, orchestrator, memory));
  }
  const latency = mean(results.map(({ total }) => total.latency.mean / 1000));
  const violated = results.map(({ total }) => (100 * total.violated) / total.arrived);
  violatedBy.set(orchestrator, violated);
  const without = violatedBy.get(orchestrator.replace(/:memory$/, '').replace('memory,', '')) ?? violated;
  const { difference, interval } = paired(violated, without);
  figures.push(figure(`recall.day.${orchestrator}.latency`, latency, 'ms', '', results.length));
  figures.push(figure(`recall.day.${orchestrator}.violated`, mean(violated), '%', '', results.length));
  days.push([
    orchestrator,
    latency.toFixed(2),
    mean(violated).toFixed(2),
    orchestrator.includes('memory')
      ? `${difference.toFixed(2)} [${interval?.low.toFixed(2) ?? ''}, ${interval?.high.toFixed(2) ?? ''}]`
      : '',
  ]);
  say(`${orchestrator}: ${violated.map((v) => v.toFixed(1)).join(' ')} % violated, city by city`);
}
if (!wantsJson()) {
  const head = ['MEMORY OF', 'BUDGET', 'J ALONE', 'J BESIDE', 'DIFFERENCE %', 'CHOSEN', 'BETTER / WORSE'];
  process.stdout.write(
    `${table(head, rows)}\n\n${table(['ANOTHER DAY', 'MEAN ms', 'VIOLATED %', 'DIFFERENCE'], days)}\n`,
  );
}
report('recall', figures);
