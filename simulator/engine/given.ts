import { parseText } from '#crds/parse.ts';
import type { Item } from '#world/test-world.ts';
import type { City } from '../city.ts';
import type { ArrivalSource, Disruption, Exogenous } from '../exogenous.ts';
import type { Observation, Orchestrator, Placement } from '../orchestrator.ts';
import type { RunSettings } from '../settings.ts';
import { drawAt, exponential, seedOf, stream } from './random.ts';

/** Test support: a city of objects as a test writes them. */
export function cityOf(items: readonly Item[]): City {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { nodes, edgeRegions: regions, serviceDAGs: dags } = parseText(text, 'test');
  return { name: 'test', nodes, regions, dags, sites: [] };
}

/** What a test says of a city's fate; the rest is plain: factors 1, a radio that loses what the band loses, nothing breaks. */
interface Fate {
  readonly seed?: number;
  /** Requests/s of every ingress entry of every DAG; Poisson. */
  readonly rate?: number;
  /** Or the moments at which requests come, for every entry. */
  readonly at?: readonly number[];
  readonly disruptions?: readonly Disruption[];
  /** Exponential service times with the spec's mean. */
  readonly random?: boolean;
  readonly radioLoss?: number;
}

/** Test support: a city's fate. */
export function fateOf(city: City, fate: Fate = {}): Exogenous {
  const { seed = 1, rate = 1, at, disruptions = [], random = false, radioLoss = 0 } = fate;
  const sources = city.dags.flatMap((dag, d) =>
    dag.spec.ingress.map((_, ingress): ArrivalSource => {
      const draw = stream(seed, `arrivals/${d}/${ingress}`);
      let now = 0;
      let next = 0;
      const poisson = (): number => Math.round((now += exponential(draw(), 1e6 / rate)));
      return { dag: d, ingress, next: at === undefined ? poisson : () => at[next++] ?? Infinity };
    }),
  );
  const [air, service] = [seedOf(seed, 'air'), seedOf(seed, 'service')];
  return {
    sources,
    disruptions: disruptions.toSorted((a, b) => a.atMicros - b.atMicros),
    radio: { access: (request) => ({ extraMicros: 0, lost: drawAt(air, request, 0) < radioLoss }) },
    work: {
      payloadFactor: () => 1,
      serviceFactor: random ? (request, m) => exponential(drawAt(service, request, m), 1) : () => 1,
    },
    rateAt: () => rate,
  };
}

/** Test support: a run of 10 s without warm-up and cold starts. */
export const settingsOf = (over: Partial<RunSettings> = {}): RunSettings => ({
  scenario: 'test',
  scenarioDigest: 'test',
  seed: 1,
  replication: 0,
  untilMicros: 10_000_000,
  warmupMicros: 0,
  periodMicros: 1_000_000,
  windowMicros: 5_000_000,
  sampledShare: 1,
  patienceMicros: 5_000_000,
  coldStart: { imageMicros: 0, startMicros: 0 },
  detectionMicros: 500_000,
  ...over,
});

/** Where a test wants replicas: microservice → node, or one node for each replica. */
type Where = Readonly<Record<string, string | readonly string[]>>;

/** Test support: a placement of `default/DAG`. */
export const placementOf = (dag: string, where: Where): Placement => ({
  dag: `default/${dag}`,
  replicas: Object.entries(where).flatMap(([microservice, nodes]) =>
    (typeof nodes === 'string' ? [nodes] : nodes).map((node) => ({ microservice, node })),
  ),
});

/** Test support: places once, then does what `act` says. */
export function fixed(
  placements: readonly Placement[],
  act: (observation: Observation) => readonly Placement[] = () => [],
): Orchestrator {
  return {
    name: 'fixed',
    plan: ({ atMicros }) => Promise.resolve(atMicros === 0 ? placements : []),
    act,
  };
}
