import type { Application } from './application.ts';
import type { Outcome, Recorder, RequestRecord } from './recorder.ts';
import type { Requests } from './requests.ts';

/** Writes down how requests end. */
export class Endings {
  readonly #applications: readonly Application[];
  readonly #requests: Requests;
  readonly #recorder: Recorder;
  readonly #tell: ((record: RequestRecord) => void) | undefined;

  constructor(
    applications: readonly Application[],
    requests: Requests,
    recorder: Recorder,
    tell: ((record: RequestRecord) => void) | undefined,
  ) {
    this.#applications = applications;
    this.#requests = requests;
    this.#recorder = recorder;
    this.#tell = tell;
  }

  /** Counts one that ends at that time, and tells who wants to know. */
  write(slot: number, outcome: Outcome, time: number): void {
    const requests = this.#requests;
    const dag = requests.application[slot] ?? 0;
    const arrived = requests.arrived[slot] ?? 0;
    const latency = time - arrived;
    const access = requests.access[slot] ?? 0;
    const queue = requests.queue[slot] ?? 0;
    const serve = requests.serve[slot] ?? 0;
    const sync = requests.sync[slot] ?? 0;
    if (outcome === 'completed') this.#recorder.completed(dag, arrived, latency, access, queue, serve, sync);
    else this.#recorder.failed(dag, arrived, outcome);
    const tell = this.#tell;
    if (tell === undefined) return;
    const application = this.#applications[dag];
    const done = outcome === 'completed';
    const violated = violations(application, outcome, latency, sync);
    tell({
      request: requests.number[slot] ?? 0,
      dag: application?.key ?? '',
      source: requests.source[slot] ?? 0,
      arrivedMicros: arrived,
      outcome,
      latencyMicros: latency,
      accessMicros: done ? access : 0,
      queueMicros: done ? queue : 0,
      serveMicros: done ? serve : 0,
      transferMicros: done ? latency - access - queue - serve : 0,
      syncMicros: sync,
      violated,
    });
  }
}

function violations(
  application: Application | undefined,
  outcome: Outcome,
  latency: number,
  sync: number,
): RequestRecord['violated'] {
  if (outcome !== 'completed') return ['outcome'];
  return [
    ...(latency > (application?.maxLatency ?? Infinity) * (1 + 1e-9) ? (['maxLatency'] as const) : []),
    ...(sync > (application?.maxSync ?? Infinity) * (1 + 1e-9) ? (['maxSync'] as const) : []),
  ];
}
