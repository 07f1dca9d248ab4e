import { NO_CALIBRATION } from '#memory/guard/calibration.ts';
import { Guard } from '#memory/guard/guard.ts';
import { judgeOutcome } from '#memory/guard/outcome.ts';
import { contextVector, rank } from '#memory/retrieval/rank.ts';
import type { Retrieved } from '#memory/retrieval/retrieved.ts';
import { rankingModelFor } from '#memory/retrieval/shipped-ranking.ts';
import type { Situation } from '#memory/retrieval/situation.ts';
import type { TraceStore } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { outcomeOf } from '#memory/retrieval/training/example.ts';
import { recalledOf } from '#planner/memory/recall.ts';
import { EASE } from '#planner/plan-options.ts';
import { planDag } from '#planner/plan.ts';
import { bootstrap } from '#simulator/statistics/bootstrap.ts';
import { wilson } from '#simulator/statistics/wilson.ts';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { situationOf, snapshotsOf } from '../../bin/memory-scenes/scenes.ts';
import type { Day } from '../../bin/memory-scenes/scenes.ts';
import { table } from '../../bin/table.ts';
import { figure, mean } from '../report.ts';
import type { Figure } from '../report.ts';
import { Chooser, KAPPA, nearestOf } from './forecast.ts';
import { KINDS, honest, poisoned } from './poisoned.ts';
import type { Report } from './poisoned.ts';
import { print, say } from './say.ts';
import { REMEMBERED, daysOf, scenarios } from './scenes.ts';

/** Of the deployments of a day every so many is planned again. */
const STRIDE = 16;
/** Effort of a plan, and hosts that its search sees: what the simulator gives a DAG. */
const BUDGET_MS = 5;
const HOSTS = 48;
/** Utility of a plan that breaks a hard limit, or is worse. */
const WORST = -1;

const MEMORIES = ['clean', 'poisoned', 'guarded'] as const;
type Memory = (typeof MEMORIES)[number];

/** What a memory is worth in one scene, means over its queries. */
interface Worth {
  /** Error of the utility that the retrieved foretell. */
  readonly error: number;
  /** Utility, by the world model, of the placement of the first of the retrieved in the present world. */
  readonly first: number;
  /** Of the best of the placements of all retrieved. */
  readonly best: number;
  /** Of the whole plan: search and memory. */
  readonly plan: number;
}

/** A tenth of poisoned reports: what the guard finds, and what the memory is worth with and without it. */
export async function poison(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const scenario of scenarios()) {
    const days = await daysOf(scenario);
    const past = days.filter((d) => d.options.day <= REMEMBERED);
    const asked = days.filter((d) => d.options.day > REMEMBERED);
    const reports = honest(past);
    const popular = past.flatMap((d) => d.deployments.map((x) => x.trace)).filter((_, i) => i % 40 === 0);
    const mixed = poisoned(reports, past, popular, 1);
    const name = `memory.poison.${scenario}`;
    const guarded = await found(name, scenario, mixed, figures);
    const memories: Record<Memory, readonly Trace[]> = {
      clean: reports.map((r) => r.trace),
      poisoned: mixed.map((r) => r.trace),
      guarded,
    };
    const worth: Worth[][] = [];
    for (const memory of MEMORIES) {
      say(`${scenario}: plans with the ${memory} memory of ${memories[memory].length} traces`);
      const scenes: Worth[] = [];
      for (const day of asked) scenes.push(await worthOf(day, memories[memory]));
      worth.push(scenes);
    }
    figures.push(...worthFigures(name, scenario, worth));
  }
  return figures;
}

/** Sends all reports through the guard; the traces it admits. */
async function found(
  name: string,
  scenario: string,
  reports: readonly Report[],
  figures: Figure[],
): Promise<Trace[]> {
  const admitted: Trace[] = [];
  const store = {
    put: (traces: readonly Trace[]) => {
      admitted.push(...traces);
      return Promise.resolve({ added: traces.length, known: 0, reembedded: 0 });
    },
  } as unknown as TraceStore;
  const guard = new Guard(store);
  let keptAside = 0;
  for (const { trace, expectedUtility } of reports) {
    const evidence = { agent: `agent of ${trace.tenant}`, mayReport: () => true, expectedUtility };
    if ((await guard.report(trace, evidence)).kind === 'quarantine') keptAside++;
  }
  const aside = new Set(guard.quarantined.map((q) => q.trace.id));
  const caught = new Set(reports.filter(({ trace }) => aside.has(trace.id)));
  say(`${scenario}: ${keptAside} reports kept aside, ${keptAside - caught.size} of them borne out by others`);
  const share = (part: number, of: number): string => {
    const { low, high } = wilson({ events: part, trials: of });
    const percent = (x: number): string => (100 * x).toFixed(1);
    return `${percent(part / Math.max(1, of))} % (${percent(low)} to ${percent(high)}) of ${of}`;
  };
  const poison = reports.filter((r) => r.kind !== undefined);
  const hits = poison.filter((r) => caught.has(r)).length;
  const rows = KINDS.map((kind) => {
    const all = poison.filter((r) => r.kind === kind);
    return [`found of "${kind}"`, share(all.filter((r) => caught.has(r)).length, all.length)];
  });
  const honestCaught = caught.size - hits;
  print(
    `\n${table(
      [scenario, 'GUARD'],
      [
        ['recall: poison that is kept aside', share(hits, poison.length)],
        ['precision: poison of what is kept aside', share(hits, caught.size)],
        ['honest reports kept aside', share(honestCaught, reports.length - poison.length)],
        ...rows,
        ...liesFound(reports, share),
      ],
    )}`,
  );
  figures.push(
    figure(`${name}.recall`, hits / poison.length, '', '', poison.length),
    figure(`${name}.precision`, hits / caught.size, '', '', caught.size),
    figure(
      `${name}.honest-kept-aside`,
      honestCaught / (reports.length - poison.length),
      '',
      '',
      reports.length,
    ),
  );
  return admitted;
}

/** Sizes of lies, in utility: above and below what came to be. */
const LIES = [0.1, 0.2, 0.3, 0.5, -0.25, -0.5, -1, -1.5];

/** What the guard finds of lies of one size, told by a reporter that nobody suspects of each honest report that may be told so. */
function liesFound(reports: readonly Report[], share: (part: number, of: number) => string): string[][] {
  return LIES.map((lie) => {
    const told = reports.filter(
      ({ kind, trace }) => kind === undefined && trace.realisedUtility + lie <= 0.9,
    );
    const found = told.filter(({ trace, expectedUtility }) => {
      const said = { ...trace, realisedUtility: trace.realisedUtility + lie };
      const evidence = { agent: 'agent', mayReport: () => true, expectedUtility };
      const verdict = judgeOutcome(said, { ...evidence, calibration: NO_CALIBRATION, suspicion: 0 });
      return verdict.kind === 'quarantine';
    });
    return [`lies of ${lie > 0 ? '+' : ''}${lie} found`, share(found.length, told.length)];
  });
}

async function worthOf(day: Day, memory: readonly Trace[]): Promise<Worth> {
  const snapshotAt = snapshotsOf(day);
  const model = rankingModelFor(memory[0]?.encoderVersion ?? '');
  const chooser = new Chooser(memory, model);
  const rows: Worth[] = [];
  for (const deployment of day.deployments.filter((_, i) => i % STRIDE === 0)) {
    const snapshot = snapshotAt(deployment.world);
    const situation = situationOf(day, deployment, snapshot);
    const retrieved = rank(situation, nearestOf(situation, memory), KAPPA, model);
    const errors = chooser.errors(retrieved, 'composite', outcomeOf(deployment.trace));
    rows.push({
      error: errors[3] ?? NaN,
      ...(await planned(snapshot, day, deployment.world, situation, retrieved)),
    });
  }
  const of = (member: keyof Worth): number => mean(rows.map((row) => row[member]));
  return { error: of('error'), first: of('first'), best: of('best'), plan: of('plan') };
}

/** What the retrieved placements are worth in the present world, by the world model. */
async function planned(
  snapshot: Snapshot,
  day: Day,
  world: number,
  situation: Situation,
  retrieved: readonly Retrieved[],
): Promise<Omit<Worth, 'error'>> {
  const dag = day.worlds[world]?.dags.find((one) => keyOf(one) === situation.dag.name);
  if (dag === undefined) throw new RangeError(`no DAG ${situation.dag.name}`);
  const replicas = (name: string): number =>
    situation.dag.services.find((s) => s.name === name)?.replicas ?? 1;
  const instance = instanceOf(snapshot, dag, replicas);
  const evaluator = new Evaluator(instance, 'utility');
  const recalled = (list: readonly Retrieved[]): ReturnType<typeof recalledOf> =>
    recalledOf({ retrieved: list, situation, context: contextVector(list, situation) }, '');
  const best = (list: readonly Retrieved[]): number =>
    Math.max(
      WORST,
      ...recalled(list)
        .candidates(evaluator)
        .map(({ assign }) => utilityOf(judge(instance, assign))),
    );
  const plan = await planDag(snapshot, dag, {
    objective: 'utility',
    planner: 'search',
    budgetMs: BUDGET_MS,
    hosts: HOSTS,
    ease: EASE,
    replicas,
    recall: () => Promise.resolve(recalled(retrieved)),
  });
  return {
    first: best(retrieved.slice(0, 1)),
    best: best(retrieved),
    plan: plan.best === undefined ? WORST : utilityOf(plan.best),
  };
}

const utilityOf = ({ cost, feasible }: { readonly cost: number; readonly feasible: boolean }): number =>
  feasible ? Math.max(WORST, 1 - cost) : WORST;

function worthFigures(name: string, scenario: string, worth: readonly (readonly Worth[])[]): Figure[] {
  const figures: Figure[] = [];
  const rows: string[][] = [];
  const [clean = []] = worth;
  for (const [m, memory] of MEMORIES.entries()) {
    const scenes = worth[m] ?? [];
    const cells = (['error', 'first', 'best', 'plan'] as const).map((member) => {
      const value = mean(scenes.map((s) => s[member]));
      figures.push(
        figure(
          `${name}.${memory}.${member}`,
          value,
          member === 'error' ? 'mean abs error' : 'utility',
          '',
          scenes.length,
        ),
      );
      const pairs = scenes.map((s, i) => ({ a: s[member], b: clean[i]?.[member] ?? NaN }));
      // Loss in parts of what the clean memory gives; errors grow, utilities fall.
      const loss = (sample: typeof pairs): number => {
        const [a, b] = [mean(sample.map((p) => p.a)), mean(sample.map((p) => p.b))];
        return ((member === 'error' ? a - b : b - a) / Math.abs(b)) * 100;
      };
      if (memory === 'clean') return value.toFixed(4);
      const interval = bootstrap(pairs, (sample) => loss([...sample]));
      const goal = memory === 'guarded' && member !== 'error' ? '<= 2' : '';
      figures.push(figure(`${name}.${memory}.${member}.loss`, loss(pairs), '%', goal, scenes.length));
      return `${value.toFixed(4)}: ${loss(pairs).toFixed(2)} % worse (${interval?.low.toFixed(2)} to ${interval?.high.toFixed(2)})`;
    });
    rows.push([memory, ...cells]);
  }
  const header = [scenario, 'ERROR OF UTILITY', 'FIRST PLACEMENT', `BEST OF ${KAPPA}`, 'WHOLE PLAN'];
  print(`\n${table(header, rows)}`);
  return figures;
}
