import type { Application } from './application.ts';
import { Histogram, bucketOf } from './histogram.ts';
import type { RequestTotals } from '../result.ts';
import { withinLimit } from '#world/path-table.ts';

/** How a request ended. */
export type Outcome = 'completed' | 'lost' | 'expired' | 'refused';

/** One request that ended. Microseconds; the parts are those of the path that ended last. */
export interface RequestRecord {
  readonly request: number;
  readonly dag: string;
  readonly source: number;
  readonly arrivedMicros: number;
  readonly outcome: Outcome;
  /** From arrival to the end, whatever the outcome. */
  readonly latencyMicros: number;
  readonly accessMicros: number;
  readonly queueMicros: number;
  readonly serveMicros: number;
  readonly transferMicros: number;
  readonly syncMicros: number;
  /** Fields of `spec.qos` that this request broke. */
  readonly violated: readonly ('maxLatency' | 'maxSync' | 'outcome')[];
}

/** Counts and sums of requests that ended, in bounded space. */
export class Totals {
  arrived = 0;
  completed = 0;
  lost = 0;
  expired = 0;
  refused = 0;
  violated = 0;
  readonly latency = new Histogram();
  readonly sync = new Histogram();
  access = 0;
  queue = 0;
  serve = 0;

  merge(other: Totals): void {
    this.arrived += other.arrived;
    this.completed += other.completed;
    this.lost += other.lost;
    this.expired += other.expired;
    this.refused += other.refused;
    this.violated += other.violated;
    this.latency.merge(other.latency);
    this.sync.merge(other.sync);
    this.access += other.access;
    this.queue += other.queue;
    this.serve += other.serve;
  }

  /** As plain data. */
  get totals(): RequestTotals {
    const { arrived, completed, lost, expired, refused, violated } = this;
    const per = Math.max(1, completed);
    const parts = { access: this.access / per, queue: this.queue / per, serve: this.serve / per };
    return {
      arrived,
      completed,
      lost,
      expired,
      refused,
      violated,
      latency: this.latency.distribution,
      parts: { ...parts, transfer: this.latency.mean - parts.access - parts.queue - parts.serve },
      syncMicros: this.sync.distribution,
    };
  }
}

/** One DAG over the present period. */
export class Lately {
  arrived = 0;
  completed = 0;
  violated = 0;
  readonly latency = new Histogram();

  clear(): void {
    this.arrived = this.completed = this.violated = 0;
    this.latency.clear();
  }
}

/** What is written down while requests end: whole-run totals after the warm-up, and the present period. */
export class Recorder {
  readonly byDag: readonly Totals[];
  readonly lately: readonly Lately[];
  readonly #limits: Float64Array;
  readonly #warmupMicros: number;

  constructor(applications: readonly Application[], warmupMicros: number) {
    this.byDag = applications.map(() => new Totals());
    this.lately = applications.map(() => new Lately());
    this.#limits = Float64Array.from(applications, ({ maxLatency }) => maxLatency);
    this.#warmupMicros = warmupMicros;
  }

  arrived(dag: number): void {
    const lately = this.lately[dag];
    if (lately !== undefined) lately.arrived++;
  }

  completed(
    dag: number,
    at: number,
    latency: number,
    access: number,
    queue: number,
    serve: number,
    sync: number,
  ): void {
    const lately = this.lately[dag];
    const totals = this.byDag[dag];
    if (lately === undefined || totals === undefined) return;
    const late = withinLimit(latency, this.#limits[dag] ?? Infinity) ? 0 : 1;
    const bucket = bucketOf(latency);
    lately.completed++;
    lately.violated += late;
    lately.latency.add(latency, bucket);
    if (at < this.#warmupMicros) return;
    totals.arrived++;
    totals.completed++;
    totals.violated += late;
    totals.latency.add(latency, bucket);
    totals.sync.add(sync, bucketOf(sync));
    totals.access += access;
    totals.queue += queue;
    totals.serve += serve;
  }

  failed(dag: number, at: number, outcome: 'lost' | 'expired' | 'refused'): void {
    const lately = this.lately[dag];
    const totals = this.byDag[dag];
    if (lately === undefined || totals === undefined) return;
    lately.violated++;
    if (at < this.#warmupMicros) return;
    totals.arrived++;
    totals[outcome]++;
    totals.violated++;
  }
}
