import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import type { DagObservation, Observation } from '../orchestrator.ts';
import { leaving } from './pods.ts';
import type { Simulation } from './simulation.ts';

/** What can be seen of a simulation at one moment; objects and snapshot are made when somebody looks. */
class View implements Observation {
  readonly atMicros: number;
  readonly dags: readonly DagObservation[];
  readonly changed: readonly string[];
  readonly #simulation: Simulation;
  readonly #rated: readonly ServiceDAG[];
  #objects: Objects | undefined;
  #snapshot: Snapshot | undefined;

  constructor(
    simulation: Simulation,
    rated: readonly ServiceDAG[],
    dags: readonly DagObservation[],
    changed: readonly string[],
  ) {
    this.atMicros = simulation.now;
    this.dags = dags;
    this.changed = changed;
    this.#simulation = simulation;
    this.#rated = rated;
  }

  get objects(): Objects {
    return (this.#objects ??= objectsOf(this.#simulation, this.#rated));
  }

  get snapshot(): Snapshot {
    return (this.#snapshot ??= snapshotOf(this.objects));
  }
}

/** The objects a cluster in this state would hold: replicas as bound pods, lost ones as gated pods. */
export function objectsOf({ infrastructure, fleet, now }: Simulation, dags: readonly ServiceDAG[]): Objects {
  const running = fleet.all().map((replica) => (replica.wanted ? replica.pod : leaving(replica.pod, now)));
  return {
    nodes: infrastructure.nodes,
    regions: infrastructure.regions,
    dags,
    pods: [...running, ...fleet.gated.map(({ pod }) => pod)],
    nowMs: Math.floor(now / 1000),
  };
}

/**
 * Measures a simulation period by period. Rates in the DAGs are means over the last window (the spec's own at the start); all
 * rates and busy shares are per time in which sources emit.
 */
export class Telemetry {
  readonly #simulation: Simulation;
  readonly #sources: readonly { readonly dag: number; readonly ingress: number }[];
  readonly #share: number;
  readonly #window: number;
  /** Requests per source in each of the last periods, and how long those were. */
  readonly #history: { readonly counts: Float64Array; readonly micros: number }[] = [];
  #since = 0;
  #dags: readonly DagObservation[];
  #rated: readonly ServiceDAG[];

  constructor(
    simulation: Simulation,
    sources: readonly { readonly dag: number; readonly ingress: number }[],
    windowMicros: number,
    sampledShare: number,
  ) {
    this.#simulation = simulation;
    this.#sources = sources;
    this.#share = sampledShare;
    this.#window = windowMicros;
    this.#dags = this.#measure(new Float64Array(sources.length), 0);
    this.#rated = simulation.applications.map(({ dag }) => dag);
  }

  /** What an orchestrator sees now; telemetry is that of the last whole period. */
  observe(): Observation {
    return new View(this.#simulation, this.#rated, this.#dags, this.#simulation.infrastructure.changes());
  }

  /** Objects as an agent sees them now. */
  objects(): Objects {
    return objectsOf(this.#simulation, this.#rated);
  }

  /** Ends a period: reads its telemetry. The caller clears what was recorded lately. */
  close(): void {
    const { entered, now } = this.#simulation;
    const micros = now - this.#since;
    this.#history.push({ counts: entered.slice(), micros });
    let kept = this.#history.reduce((sum, period) => sum + period.micros, 0);
    while (kept - (this.#history[0]?.micros ?? 0) >= this.#window) kept -= this.#history.shift()?.micros ?? 0;
    this.#dags = this.#measure(entered, micros);
    const counts = new Float64Array(entered.length);
    for (const period of this.#history)
      for (const [s, count] of period.counts.entries()) counts[s] = (counts[s] ?? 0) + count;
    const rates = this.#rates(counts, kept);
    this.#rated = this.#simulation.applications.map(({ dag }, d) => ({
      ...dag,
      spec: {
        ...dag.spec,
        ingress: dag.spec.ingress.map((entry, i) => ({
          ...entry,
          requestsPerSecond: `${Math.round((rates[d]?.[i] ?? 0) * 1000)}m`,
        })),
      },
    }));
    entered.fill(0);
    this.#since = now;
  }

  /** Requests/s per DAG and ingress entry. */
  #rates(counts: Float64Array, micros: number): number[][] {
    const rates = this.#simulation.applications.map(({ ingress }) => ingress.map(() => 0));
    for (const [s, { dag, ingress }] of this.#sources.entries()) {
      const own = rates[dag];
      if (own !== undefined && micros > 0)
        own[ingress] = (own[ingress] ?? 0) + ((counts[s] ?? 0) * 1e6) / micros / this.#share;
    }
    return rates;
  }

  #measure(counts: Float64Array, micros: number): DagObservation[] {
    const { applications, recorder, fleet } = this.#simulation;
    const rates = this.#rates(counts, micros);
    return applications.map(({ key, services }, d): DagObservation => {
      const lately = recorder.lately[d];
      const utilisation: Record<string, number> = {};
      for (const service of services) {
        const replicas = fleet.of(service);
        let busy = 0;
        for (const replica of replicas) {
          const total = this.#simulation.busyMicros(replica);
          busy += total - replica.reported;
        }
        utilisation[service.name] =
          replicas.length === 0 || micros === 0 ? 0 : busy / replicas.length / micros / this.#share;
      }
      return {
        dag: key,
        rates: rates[d] ?? [],
        completed: lately?.completed ?? 0,
        violated: lately?.violated ?? 0,
        meanLatencyMicros: lately?.latency.mean ?? 0,
        p95LatencyMicros: lately?.latency.quantile(0.95) ?? 0,
        utilisation,
      };
    });
  }
}
