import type { RequestTotals, RunResult } from '../result.ts';
import type { RunSettings } from '../settings.ts';
import { Totals } from './recorder.ts';
import type { Simulation } from './simulation.ts';
import type { Timeline } from './timeline.ts';

/** The result of a run that is over. */
export function resultOf(
  simulation: Simulation,
  timeline: Timeline,
  orchestrator: string,
  settings: RunSettings,
  decisions: {
    readonly millis: { readonly plan: readonly number[]; readonly act: readonly number[] };
    readonly infeasiblePlans: number;
  },
): RunResult {
  const { applications, recorder } = simulation;
  const grouped = (nameOf: (dag: number) => string): Record<string, RequestTotals> => {
    const groups = new Map<string, Totals>();
    for (const [d, totals] of recorder.byDag.entries()) {
      const group = groups.get(nameOf(d)) ?? new Totals();
      group.merge(totals);
      groups.set(nameOf(d), group);
    }
    return Object.fromEntries([...groups].map(([name, totals]) => [name, totals.totals]));
  };
  const of = (d: number): (typeof applications)[number]['dag'] | undefined => applications[d]?.dag;
  return {
    version: 1,
    scenario: settings.scenario,
    scenarioDigest: settings.scenarioDigest,
    orchestrator,
    seed: settings.seed,
    replication: settings.replication,
    simulatedMicros: settings.untilMicros,
    warmupMicros: settings.warmupMicros,
    sampledShare: settings.sampledShare,
    events: simulation.events,
    total: grouped(() => 'all')['all'] ?? new Totals().totals,
    byDag: grouped((d) => applications[d]?.key ?? ''),
    byClass: grouped((d) => of(d)?.spec.class ?? ''),
    byTenant: grouped((d) => of(d)?.spec.tenant ?? of(d)?.metadata.namespace ?? 'default'),
    timeline: timeline.periods,
    nodeUtilisation: timeline.nodeUtilisation(),
    moves: simulation.fleet.moves,
    decisionMillis: decisions.millis,
    infeasiblePlans: decisions.infeasiblePlans,
  };
}
