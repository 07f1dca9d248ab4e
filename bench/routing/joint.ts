import { prepare } from '#simulator/evaluate/run-job.ts';
import { Ladder } from '#simulator/orchestrators/ladder.ts';
import { recipeOf } from '#simulator/orchestrators/recipe.ts';
import type { RunResult } from '#simulator/result.ts';
import { runOnce } from '#simulator/run.ts';
import { expand } from '#simulator/scenario/read.ts';
import { bootstrap } from '#simulator/statistics/bootstrap.ts';
import { quantileOf } from '#simulator/statistics/distribution.ts';
import { mean } from '#simulator/statistics/moments.ts';
import { paired } from '#simulator/statistics/paired.ts';
import { say } from '../cluster/load.ts';
import { figure } from '../report.ts';
import type { Figure } from '../report.ts';

const SCENARIO = 'S3-overload';
/** Cities, each with fates of its own; none of them was looked at while the scenario was made. */
const CITIES = 30;
const FIRST_SEED = 131;
/**
 * A joint decision of the same budget takes more processor time: what it adds. With this factor on its budget the separate decision
 * takes as long.
 */
const AS_LONG = 4;

/** One city under both decisions. */
interface Pair {
  readonly joint: RunResult;
  readonly separate: RunResult;
}

async function run(seed: number, orchestrator: string, effort: number): Promise<RunResult> {
  const [one] = expand(SCENARIO);
  if (one === undefined) throw new Error(`scenario ${SCENARIO} has no case`);
  const { scenario, digest: scenarioDigest } = one;
  const job = {
    source: SCENARIO,
    scenario: scenario.name,
    scenarioDigest,
    orchestrator,
    seed,
    replication: 0,
  };
  const { city, fate, settings } = prepare(job);
  const ladder = new Ladder({ ...recipeOf(orchestrator), effort });
  return runOnce(city, fate, ladder, settings, { clock: () => process.cpuUsage().user / 1000 });
}

const seconds = ({ decisionMillis: { plan, act } }: RunResult): number =>
  [...plan, ...act].reduce((sum, millis) => sum + millis, 0) / 1000;

/**
 * Placement and flow fractions decided together against placement first and even shares after, in the same overloaded cities: with the
 * same search budget (the goals: the upper ends of 95 % intervals are below 0), and with the same processor time.
 */
export async function jointFigures(): Promise<Figure[]> {
  const budget: Pair[] = [];
  const time: Pair[] = [];
  for (let city = 0; city < CITIES; city++) {
    const joint = await run(FIRST_SEED + city, 'search', 1);
    budget.push({ joint, separate: await run(FIRST_SEED + city, 'search:even', 1) });
    time.push({ joint, separate: await run(FIRST_SEED + city, 'search:even', AS_LONG) });
    // On a terminal the line counts on; in a file every tenth city is enough.
    const line = `joint decision: ${city + 1} of ${CITIES} cities`;
    if (process.stderr.isTTY) process.stderr.write(`\r  ${line}${city + 1 === CITIES ? '\n' : ''}`);
    else if ((city + 1) % 10 === 0) say(line);
  }
  return [...compare('joint', budget, '<= 0'), ...compare('joint.same-time', time, '')];
}

const violations = ({ total }: RunResult): number => (100 * total.violated) / total.arrived;

/** Changes from separate to joint with their intervals over cities; `goal` is for the upper ends. */
function compare(prefix: string, pairs: readonly Pair[], goal: string): Figure[] {
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, wanted = ''): void => {
    figures.push(figure(`routing.${prefix}.${name}`, value, unit, wanted, pairs.length));
  };
  /** Percent by which a time changes, over cities: the geometric mean, resampled by cities (a few change by far more than most). */
  const time = (name: string, of: (result: RunResult) => number): void => {
    const logs = pairs.map(({ joint, separate }) => Math.log(of(joint) / of(separate)));
    const change = (ratios: readonly number[]): number => 100 * (Math.exp(mean(ratios)) - 1);
    add(`${name}.joint`, mean(pairs.map(({ joint }) => of(joint) / 1000)), 'ms');
    add(`${name}.separate`, mean(pairs.map(({ separate }) => of(separate) / 1000)), 'ms');
    const interval = bootstrap(logs, change);
    add(`${name}.change`, change(logs), '%');
    add(`${name}.change.low`, interval?.low ?? NaN, '%');
    add(`${name}.change.high`, interval?.high ?? NaN, '%', goal);
  };
  time('latency.mean', ({ total }) => total.latency.mean);
  time('latency.p99', ({ total }) => quantileOf(total.latency, 0.99));
  const [ours, theirs] = [
    pairs.map(({ joint }) => violations(joint)),
    pairs.map(({ separate }) => violations(separate)),
  ];
  const { difference, interval } = paired(ours, theirs);
  add('violations.joint', mean(ours), '%');
  add('violations.separate', mean(theirs), '%');
  add('violations.change', difference, '% points');
  add('violations.change.low', interval?.low ?? NaN, '% points');
  add('violations.change.high', interval?.high ?? NaN, '% points', goal);
  const better = ours.filter((share, i) => share < (theirs[i] ?? 0)).length;
  add('better.cities', (100 * better) / pairs.length, '%');
  const [mine, other] = [pairs.map((p) => seconds(p.joint)), pairs.map((p) => seconds(p.separate))];
  add('decision.time.ratio', mean(mine) / mean(other), '');
  return figures;
}
