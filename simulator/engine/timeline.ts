import type { Period } from '../result.ts';
import { Histogram } from './histogram.ts';
import type { Simulation } from './simulation.ts';

/** One entry per control period, and how busy each node was after the warm-up. */
export class Timeline {
  readonly periods: Period[] = [];
  readonly #simulation: Simulation;
  readonly #share: number;
  readonly #warmup: number;
  /** CPU microseconds of work on each host in this period, and after the warm-up. */
  readonly #busy: Float64Array;
  readonly #total: Float64Array;
  readonly #cores: Float64Array;
  readonly #latency = new Histogram();
  #since = 0;
  #measured = 0;
  #moves = 0;

  constructor(simulation: Simulation, warmupMicros: number, sampledShare: number) {
    this.#simulation = simulation;
    this.#warmup = warmupMicros;
    this.#share = sampledShare;
    const { hosts } = simulation.infrastructure.whole;
    this.#busy = new Float64Array(hosts.length);
    this.#total = new Float64Array(hosts.length);
    this.#cores = Float64Array.from(hosts, ({ allocatable }) => (allocatable.get('cpu') ?? 0) / 1000);
  }

  /** Ends a period: writes it down and starts the next one. Replicas report their busy time up to now. */
  close(): void {
    const { now, fleet, recorder, infrastructure } = this.#simulation;
    const micros = now - this.#since;
    const sum = { arrived: 0, completed: 0, violated: 0 };
    this.#latency.clear();
    for (const lately of recorder.lately) {
      sum.arrived += lately.arrived;
      sum.completed += lately.completed;
      sum.violated += lately.violated;
      this.#latency.merge(lately.latency);
      lately.clear();
    }
    this.#busy.fill(0);
    let replicas = 0;
    for (const replica of fleet.all()) {
      const busy = this.#simulation.busyMicros(replica);
      const { host, service } = replica;
      this.#busy[host] = (this.#busy[host] ?? 0) + (busy - replica.reported) * service.cores;
      replica.reported = busy;
      if (replica.state === 'ready' || replica.state === 'retiring') replicas++;
    }
    for (const { host, micros: gone } of this.#simulation.departed())
      this.#busy[host] = (this.#busy[host] ?? 0) + gone;
    const shares = [...this.#busy.keys()]
      .filter((h) => infrastructure.hostUp[h] === 1)
      .map((h) => this.#shareOf(this.#busy[h] ?? 0, h, micros));
    if (now > this.#warmup) {
      this.#measured += micros;
      for (const [h, busy] of this.#busy.entries()) this.#total[h] = (this.#total[h] ?? 0) + busy;
    }
    this.periods.push({
      atMicros: this.#since,
      ...sum,
      meanLatencyMicros: this.#latency.mean,
      p95LatencyMicros: this.#latency.quantile(0.95),
      utilisation: mean(shares),
      balance: jain(shares),
      replicas,
      moves: fleet.moves - this.#moves,
      nodesDown: infrastructure.hostUp.reduce((down, up) => down + 1 - up, 0),
    });
    this.#since = now;
    this.#moves = fleet.moves;
  }

  /** Of each node of the city, in its order, after the warm-up. */
  nodeUtilisation(): number[] {
    const { infrastructure } = this.#simulation;
    return infrastructure.nodes.map(({ metadata }) => {
      const host = infrastructure.host(metadata.name) ?? -1;
      return this.#shareOf(this.#total[host] ?? 0, host, this.#measured);
    });
  }

  /** Busy share of a host's CPU while sources emit. */
  #shareOf(busy: number, host: number, micros: number): number {
    const cpu = (this.#cores[host] ?? 0) * micros * this.#share;
    return cpu === 0 ? 0 : busy / cpu;
  }
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

/** Jain's index: 1 when all are equal, 1/n when one has everything; 1 when nobody has anything. */
function jain(values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0);
  const squares = values.reduce((a, b) => a + b * b, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
