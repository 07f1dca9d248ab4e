import { placeGated } from './engine/agents.ts';
import { Digest } from './engine/digest.ts';
import { Telemetry } from './engine/observation.ts';
import type { RequestRecord } from './engine/recorder.ts';
import { resultOf } from './engine/result-of.ts';
import { Simulation } from './engine/simulation.ts';
import { Timeline } from './engine/timeline.ts';
import type { City } from './city.ts';
import type { Exogenous } from './exogenous.ts';
import type { Orchestrator, Placement } from './orchestrator.ts';
import type { RunResult } from './result.ts';
import type { RunSettings } from './settings.ts';

/** What a run may be asked beside its result. */
export interface RunHooks {
  /** Wall clock in milliseconds, for `decisionMillis`; without one they are 0. */
  readonly clock?: () => number;
  /** Share of the simulated time that is over, and events so far, once a period. */
  readonly progress?: (share: number, events: number) => void;
  /** Every request as it ends, in the order in which they end, warm-up included. */
  readonly request?: (record: RequestRecord) => void;
  /** Digest of the event log, at the end: equal for equal runs, on every version of Node. Without it none is made. */
  readonly digest?: (hex: string) => void;
}

/**
 * Runs a city under an orchestrator: `plan` at 0 and at every window, `act` at every period and when a disruption has been
 * noticed; pods that then still have no node are placed by the regions' agents. Requests that are under way at the end are
 * served to their end. Throws `ImpossiblePlacement` for an orchestrator's mistake.
 */
export async function runOnce(
  city: City,
  exogenous: Exogenous,
  orchestrator: Orchestrator,
  settings: RunSettings,
  hooks: RunHooks = {},
): Promise<RunResult> {
  check(settings);
  const digest = hooks.digest === undefined ? undefined : new Digest();
  const simulation = new Simulation(city, exogenous, settings, { request: hooks.request, digest });
  const { windowMicros, periodMicros, untilMicros, warmupMicros, sampledShare } = settings;
  const telemetry = new Telemetry(simulation, exogenous.sources, windowMicros, sampledShare);
  const timeline = new Timeline(simulation, warmupMicros, sampledShare);
  const clock = hooks.clock ?? (() => 0);
  const millis: { plan: number[]; act: number[] } = { plan: [], act: [] };
  let infeasiblePlans = 0;

  const bring = (kind: 'plan' | 'act', placements: readonly Placement[], started: number): void => {
    millis[kind].push(clock() - started);
    simulation.apply(placements);
  };
  const plan = async (): Promise<void> => {
    const seen = telemetry.observe();
    const started = clock();
    bring('plan', await orchestrator.plan(seen), started);
    infeasiblePlans += simulation.applications.filter(({ services }) =>
      services.some((service) => !simulation.fleet.of(service).some(({ wanted }) => wanted)),
    ).length;
  };
  const act = (): void => {
    const seen = telemetry.observe();
    const started = clock();
    bring('act', orchestrator.act(seen), started);
    placeGated(simulation.fleet, () => telemetry.objects());
  };

  await plan();
  let nextPeriod = Math.min(periodMicros, untilMicros);
  let nextWindow = windowMicros;
  while (simulation.now < untilMicros) {
    simulation.run(Math.min(nextPeriod, simulation.detections[0] ?? Infinity, untilMicros));
    const { now } = simulation;
    const noticed = (simulation.detections[0] ?? Infinity) <= now;
    if (noticed) simulation.detect();
    if (now === nextPeriod) {
      telemetry.close();
      timeline.close();
      hooks.progress?.(now / untilMicros, simulation.events);
      nextPeriod = Math.min(now + periodMicros, untilMicros);
      if (now >= untilMicros) break;
      if (now >= nextWindow) {
        await plan();
        while (nextWindow <= now) nextWindow += windowMicros;
      }
      act();
    } else if (noticed) act();
  }
  simulation.drain();
  if (digest !== undefined) hooks.digest?.(digest.hex);
  return resultOf(simulation, timeline, orchestrator.name, settings, { millis, infeasiblePlans });
}

/** Refuses settings that no run can have. */
function check(settings: RunSettings): void {
  const { untilMicros, warmupMicros, periodMicros, windowMicros, sampledShare, patienceMicros } = settings;
  const wrong = (field: string, value: number, must: string): Error =>
    new Error(`run of ${settings.scenario}: ${field} is ${value} and must be ${must}`);
  for (const [field, value] of Object.entries({ untilMicros, periodMicros, windowMicros, patienceMicros }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw wrong(field, value, 'a whole number of microseconds above 0');
  const { imageMicros, startMicros } = settings.coldStart;
  const mayBeZero = { warmupMicros, imageMicros, startMicros, detectionMicros: settings.detectionMicros };
  for (const [field, value] of Object.entries(mayBeZero))
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw wrong(field, value, 'a whole number of microseconds, 0 or more');
  if (warmupMicros >= untilMicros)
    throw wrong('warmupMicros', warmupMicros, `less than ${untilMicros}, the whole run`);
  if (!(sampledShare > 0 && sampledShare <= 1))
    throw wrong('sampledShare', sampledShare, 'above 0 and at most 1');
}
