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
import { figure, report, wantsJson } from '../report.ts';
import type { Figure } from '../report.ts';

const SCENARIO = 'S3-overload';
/** Cities, each with fates of its own. */
const SEEDS = 16;
/**
 * Effort of the separate decision, as a factor: a search that sees steered calls pays about three times as much for the same count of
 * evaluations, and the two shall have the same time.
 */
const EFFORT = 4;

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
 * Placement and flow fractions decided together against placement first and even shares after, with the same time to search, in the
 * same overloaded cities: changes from separate to joint, with the upper end of their 95 % intervals, which has to be below 0.
 */
export async function jointFigures(): Promise<Figure[]> {
  const pairs: Pair[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const joint = await run(seed, 'search', 1);
    pairs.push({ joint, separate: await run(seed, 'search:even', EFFORT) });
    if (!wantsJson()) process.stderr.write(`joint decision: ${seed} of ${SEEDS} cities\r`);
  }
  const figures: Figure[] = [];
  const say = (name: string, value: number, unit: string, goal = ''): void => {
    figures.push(figure(`routing.joint.${name}`, value, unit, goal, pairs.length));
  };
  /** Percent by which a time changes, over cities: the geometric mean, resampled by cities (a few change by far more than most). */
  const time = (name: string, of: (result: RunResult) => number): void => {
    const logs = pairs.map(({ joint, separate }) => Math.log(of(joint) / of(separate)));
    const change = (ratios: readonly number[]): number => 100 * (Math.exp(mean(ratios)) - 1);
    say(`${name}.joint`, mean(pairs.map(({ joint }) => of(joint) / 1000)), 'ms');
    say(`${name}.separate`, mean(pairs.map(({ separate }) => of(separate) / 1000)), 'ms');
    const interval = bootstrap(logs, change);
    say(`${name}.change`, change(logs), '%');
    say(`${name}.change.low`, interval?.low ?? NaN, '%');
    say(`${name}.change.high`, interval?.high ?? NaN, '%', '<= 0');
  };
  time('latency.mean', ({ total }) => total.latency.mean);
  time('latency.p99', ({ total }) => quantileOf(total.latency, 0.99));
  const violations = ({ total }: RunResult): number => (100 * total.violated) / total.arrived;
  const [ours, theirs] = [
    pairs.map(({ joint }) => violations(joint)),
    pairs.map(({ separate }) => violations(separate)),
  ];
  const { difference, interval } = paired(ours, theirs);
  say('violations.joint', mean(ours), '%');
  say('violations.separate', mean(theirs), '%');
  say('violations.change', difference, '% points');
  say('violations.change.low', interval?.low ?? NaN, '% points');
  say('violations.change.high', interval?.high ?? NaN, '% points', '<= 0');
  say(
    'better.cities',
    (100 * ours.filter((share, i) => share < (theirs[i] ?? 0)).length) / pairs.length,
    '%',
  );
  say(
    'decision.time.ratio',
    mean(pairs.map(({ joint }) => seconds(joint))) / mean(pairs.map(({ separate }) => seconds(separate))),
    '',
  );
  return figures;
}

if (import.meta.main) report('joint decision', await jointFigures());
