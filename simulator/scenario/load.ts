import { fieldOf, pathOf } from '#crds/finding.ts';
import type { Path } from '#crds/finding.ts';
import { InputError } from '#crds/input-error.ts';
import type { InputProblem } from '#crds/input-error.ts';
import { durationMicros } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { City } from '#simulator/city.ts';
import { DataFolder } from '#simulator/data/folder.ts';
import { checkExogenous } from '#simulator/processes/check.ts';
import { meanRates } from '#simulator/processes/demand.ts';
import type { ExogenousSpec } from '#simulator/processes/schema.ts';
import { regionWeights, sourceSeats } from '#simulator/processes/sources.ts';
import type { RunSettings } from '#simulator/settings.ts';
import { milli } from './applications/application.ts';
import { applicationsOf, NoGraph } from './applications/applications.ts';
import { checkBands, checkCity } from './check.ts';
import type { Say } from './check.ts';
import { infrastructureOf } from './city/infrastructure.ts';
import { checkStations, stationsOf } from './city/sites.ts';
import { expand } from './read.ts';
import type { ScenarioCase } from './read.ts';
import type { Scenario } from './schema.ts';

/** A scenario, ready to run. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly city: City;
  readonly settings: RunSettings;
  readonly exogenous: ExogenousSpec;
}

/** How a scenario is loaded. */
export interface LoadOptions {
  /** Where recorded data lies; only what is in the repository when absent. */
  readonly dataFolder?: string | undefined;
  /** Of the city and of its fate. */
  readonly seed: number;
  /** Another fate of the same city. */
  readonly replication: number;
}

/**
 * Loads a scenario by built-in name or path. The city is a function of the scenario, the data and `seed`, to the byte. Throws an
 * `InputError` that names file, line, field and fix; a scenario with several cases (`vary`) must be expanded first.
 */
export function loadScenario(nameOrPath: string, options: LoadOptions): LoadedScenario {
  const [first, ...more] = expand(nameOrPath);
  if (first === undefined || more.length > 0) {
    const where = { file: nameOrPath, line: 0, object: '', field: 'vary' };
    const message = `the scenario has ${more.length + 1} cases`;
    throw new InputError([{ ...where, message, fix: 'evaluate it, or name a scenario without vary' }]);
  }
  return loadCase(first, options);
}

/** Loads one case that `expand` gave, as `loadScenario`. */
export function loadCase(one: ScenarioCase, { dataFolder, seed, replication }: LoadOptions): LoadedScenario {
  const { scenario } = one;
  const say: Say = (path, message, fix) => problem(one, path, message, fix);
  refuse(checkBands(scenario, say));
  const folder = new DataFolder(dataFolder);
  const stations = stationsOf(scenario.city.sites, folder, seed);
  checkStations(stations, scenario.city, one.whereIs(['city', 'servers']));
  const infrastructure = infrastructureOf(scenario.city, stations, seed);
  const draft = {
    name: scenario.name,
    ...infrastructure,
    dags: dagsOf(scenario, infrastructure.sites, folder, seed, say),
  };
  refuse([
    ...checkCity(draft, say),
    ...checkExogenous(scenario.exogenous, draft, '').map((p) =>
      p.object === ''
        ? { ...p, ...say(['exogenous', ...pathOf(p.field)], p.message, p.fix) }
        : { ...p, ...one.whereIs(['exogenous']) },
    ),
  ]);
  const city = withMeanRates(draft, scenario.exogenous, seed);
  return { scenario, city, settings: settingsOf(one, seed, replication), exogenous: scenario.exogenous };
}

function refuse(problems: readonly InputProblem[]): void {
  if (problems.length > 0) throw new InputError(problems);
}

function problem(one: ScenarioCase, path: Path, message: string, fix: string): InputProblem {
  const object = `Scenario ${one.scenario.name}`;
  return { ...one.whereIs(path), object, field: fieldOf(path), message, fix };
}

function dagsOf(
  scenario: Scenario,
  sites: City['sites'],
  folder: DataFolder,
  seed: number,
  say: Say,
): ServiceDAG[] {
  try {
    return applicationsOf(scenario, sites, folder, seed);
  } catch (error) {
    if (!(error instanceof NoGraph)) throw error;
    const path = ['applications', 'classes', error.className, 'stages'];
    throw new InputError([say(path, error.message, 'ask for fewer stages, or take graphs from elsewhere')]);
  }
}

/** The rates that the exogenous spec means, written into the ingress: what planners may know. `arrivals.scale` is not told. */
function withMeanRates(city: City, { arrivals }: ExogenousSpec, seed: number): City {
  const seats = sourceSeats(city);
  const rates = meanRates({ ...arrivals, scale: 1 }, seats, regionWeights(city), seed);
  let at = 0;
  const dags = city.dags.map((dag) => {
    const ingress = dag.spec.ingress.map((entry) => ({
      ...entry,
      requestsPerSecond: milli(rates[at++] ?? 0),
    }));
    return { ...dag, spec: { ...dag.spec, ingress } };
  });
  return { ...city, dags };
}

function settingsOf({ scenario, digest }: ScenarioCase, seed: number, replication: number): RunSettings {
  const { run } = scenario;
  return {
    scenario: scenario.name,
    scenarioDigest: digest,
    seed,
    replication,
    untilMicros: durationMicros(run.duration),
    warmupMicros: durationMicros(run.warmup),
    periodMicros: durationMicros(run.period),
    windowMicros: durationMicros(run.window),
    sampledShare: run.sampledShare,
    patienceMicros: durationMicros(run.patience),
    coldStart: {
      imageMicros: durationMicros(run.coldStart.image),
      startMicros: durationMicros(run.coldStart.start),
    },
    detectionMicros: durationMicros(run.detection),
  };
}
