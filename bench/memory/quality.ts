import { rankingModelFor } from '#memory/retrieval/shipped-ranking.ts';
import { OUTCOMES, outcomeOf } from '#memory/retrieval/training/example.ts';
import { bootstrap } from '#simulator/statistics/bootstrap.ts';
import type { Interval } from '#simulator/statistics/interval.ts';
import { situationOf, snapshotsOf } from '../../bin/memory-scenes/scenes.ts';
import type { Day } from '../../bin/memory-scenes/scenes.ts';
import { table } from '../../bin/table.ts';
import { figure, mean } from '../report.ts';
import type { Figure } from '../report.ts';
import { Chooser, KAPPA, METHODS } from './forecast.ts';
import type { Method } from './forecast.ts';
import { print, say } from './say.ts';
import { REMEMBERED, daysOf, scenarios } from './scenes.ts';

/** Of the deployments of a day every so many is asked about: those of one look are of different DAGs. */
const STRIDE = 4;

/** Cities of each scenario: scenes enough that an advantage of 5 % is seen. */
const CITIES = Number(process.env['EDGELOOM_CITIES'] ?? 8);

/** Which days a query may be answered from. */
const SPLITS = {
  /** The same cluster on earlier days, beside other clusters: what a memory is for. */
  known: () => true,
  /** Other clusters only: the first day of a new one. */
  new: (query: Day, day: Day) => day.options.city !== query.options.city,
} as const;
type Split = keyof typeof SPLITS;

/** Mean errors of one scene by method, a number for each outcome. */
interface SceneErrors extends Readonly<Record<Method, readonly number[]>> {
  readonly city: number;
}

/**
 * Retrieval quality: outcomes of deployments on days that the memory does not hold, foretold from what is retrieved. Intervals are
 * 95 %, over cities with all their scenes (days): deployments of one scene share their fate, and days of one city its applications.
 */
export async function quality(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const scenario of scenarios()) {
    const days = await daysOf(scenario, CITIES);
    for (const split of Object.keys(SPLITS) as Split[]) {
      const scenes = scenesOf(days, split);
      figures.push(...figuresOf(`memory.quality.${scenario}.${split}`, scenes));
      printTable(`${scenario}, ${split} city`, scenes);
    }
  }
  return figures;
}

function scenesOf(days: readonly Day[], split: Split): SceneErrors[] {
  const past = days.filter((d) => d.options.day <= REMEMBERED);
  let asked = 0;
  const scenes = days
    .filter((d) => d.options.day > REMEMBERED)
    .map((day) => {
      const memory = past
        .filter((d) => SPLITS[split](day, d))
        .flatMap((d) => d.deployments.map((x) => x.trace));
      const [first] = memory;
      const chooser = new Chooser(memory, rankingModelFor(first?.encoderVersion ?? ''));
      const snapshotAt = snapshotsOf(day);
      const queries = day.deployments.filter((_, i) => i % STRIDE === 0);
      asked += queries.length;
      const rows = queries.map((deployment) => {
        const situation = situationOf(day, deployment, snapshotAt(deployment.world));
        const chosen = chooser.choose(situation);
        const truth = outcomeOf(deployment.trace);
        return METHODS.map((method) => chooser.errors(chosen[method], method, truth));
      });
      const errors = METHODS.map((method, m) => {
        const each = OUTCOMES.map((_, c) => mean(rows.map((row) => row[m]?.[c] ?? NaN)));
        return [method, each] as const;
      });
      return { city: day.options.city, ...Object.fromEntries(errors) } as unknown as SceneErrors;
    });
  say(`${asked} queries in ${scenes.length} scenes, κ = ${KAPPA}`);
  return scenes;
}

const meanOf = (scenes: readonly SceneErrors[], method: Method, c: number): number =>
  mean(scenes.map((scene) => scene[method][c] ?? NaN));

/** Of all outcomes together: the mean of the errors, each in parts of what random retrieval errs. */
const together = (scenes: readonly SceneErrors[], method: Method): number =>
  mean(OUTCOMES.map((_, c) => meanOf(scenes, method, c) / meanOf(scenes, 'random', c)));

/** Interval of a statistic of scenes, by resampling cities. */
const intervalOf = (
  scenes: readonly SceneErrors[],
  statistic: (sample: readonly SceneErrors[]) => number,
): Interval | undefined =>
  bootstrap([...Map.groupBy(scenes, ({ city }) => city).values()], (sample) => statistic(sample.flat()));

/** A column of the table: an outcome, or all of them. */
const errorOf = (scenes: readonly SceneErrors[], method: Method, c: number): number =>
  c < OUTCOMES.length ? meanOf(scenes, method, c) : together(scenes, method);
const COLUMNS = [...OUTCOMES, 'together'] as const;

/** How much less the composite errs than another method, in parts of that method's error; negative when it errs more. */
const gainOver =
  (method: Method, c: number) =>
  (scenes: readonly SceneErrors[]): number =>
    1 - errorOf(scenes, 'composite', c) / errorOf(scenes, method, c);

function figuresOf(name: string, scenes: readonly SceneErrors[]): Figure[] {
  const plain = (method: Method): string => method.replaceAll(/[ ,]+/g, '-').toLowerCase();
  const rivals = ['random', 'DAG only', 'vector only'] as const;
  const all = OUTCOMES.length;
  // Of all outcomes together: the composite must win where the cluster is known.
  const whole = rivals.map((method) =>
    figure(
      `${name}.gain-over-${plain(method)}`,
      100 * gainOver(method, all)(scenes),
      '%',
      name.endsWith('known') ? '>= 0' : '',
      scenes.length,
    ),
  );
  // The least that is beyond doubt of it: above 0, the composite wins.
  const low = intervalOf(scenes, gainOver('vector only', all))?.low ?? NaN;
  whole.push(
    figure(
      `${name}.gain-over-vector-only.low`,
      100 * low,
      '%',
      name.endsWith('known') ? '>= 0' : '',
      scenes.length,
    ),
  );
  const single = OUTCOMES.flatMap((outcome, c) => [
    ...METHODS.map((method) =>
      figure(
        `${name}.${outcome}.${plain(method)}`,
        meanOf(scenes, method, c),
        'mean abs error',
        '',
        scenes.length,
      ),
    ),
    ...rivals.map((method) =>
      figure(
        `${name}.${outcome}.gain-over-${plain(method)}`,
        100 * gainOver(method, c)(scenes),
        '%',
        '',
        scenes.length,
      ),
    ),
  ]);
  return [...whole, ...single];
}

function printTable(title: string, scenes: readonly SceneErrors[]): void {
  const range = (interval: Interval | undefined, digits: number, scale = 1): string =>
    interval === undefined
      ? ''
      : ` (${(scale * interval.low).toFixed(digits)} to ${(scale * interval.high).toFixed(digits)})`;
  const errors = METHODS.map((method) => [
    method,
    ...COLUMNS.map(
      (_, c) =>
        errorOf(scenes, method, c).toFixed(4) +
        range(
          intervalOf(scenes, (sample) => errorOf(sample, method, c)),
          4,
        ),
    ),
  ]);
  const gains = METHODS.filter((m) => m !== 'composite').map((method) => [
    `composite against ${method}, %`,
    ...COLUMNS.map((_, c) => {
      const gain = gainOver(method, c);
      return (100 * gain(scenes)).toFixed(1) + range(intervalOf(scenes, gain), 1, 100);
    }),
  ]);
  const header = [title, 'LATENCY / LIMIT', 'VIOLATED', 'BUSY', 'UTILITY', 'TOGETHER'];
  print(`\n${table(header, [...errors, ...gains])}`);
}
