import type { City } from '../city.ts';
import type { Exogenous } from '../exogenous.ts';
import type { Placement } from '../orchestrator.ts';
import type { RunSettings } from '../settings.ts';
import { applicationsOf } from './application.ts';
import type { Application } from './application.ts';
import type { Digest } from './digest.ts';
import { EventQueue } from './event-queue.ts';
import { Fleet } from './fleet.ts';
import { Infrastructure } from './infrastructure.ts';
import { Network } from './network.ts';
import { seedOf } from './random.ts';
import { RANK } from './ranks.ts';
import { Recorder } from './recorder.ts';
import type { RequestRecord } from './recorder.ts';
import type { Replica } from './replica.ts';
import { Router } from './router.ts';
import { Walk } from './walk.ts';
import { Ways } from './ways.ts';

/** What a run may be asked to tell while it goes. */
export interface Listeners {
  /** Every request as it ends. */
  readonly request?: ((record: RequestRecord) => void) | undefined;
  readonly digest?: Digest | undefined;
}

/**
 * A city with its requests: replicas as queues, links as shared, everything else as the exogenous processes say. Deterministic:
 * same city, fate, settings and placements, same events. Times in microseconds; events are at whole ones, tokens keep the fraction.
 */
export class Simulation {
  /** Time of the last event. */
  now = 0;
  events = 0;
  readonly applications: readonly Application[];
  readonly infrastructure: Infrastructure;
  readonly fleet: Fleet;
  readonly recorder: Recorder;
  /** When what has happened will be noticed, in order. */
  readonly detections: number[] = [];
  readonly #exogenous: Exogenous;
  readonly #settings: RunSettings;
  readonly #listeners: Listeners;
  readonly #network: Network;
  readonly #ways: Ways;
  readonly #walk: Walk;
  readonly #router = new Router();
  readonly #queue = new EventQueue();

  constructor(city: City, exogenous: Exogenous, settings: RunSettings, listeners: Listeners = {}) {
    this.infrastructure = new Infrastructure(city);
    const { whole, arcUp } = this.infrastructure;
    this.applications = applicationsOf(city.dags, whole);
    this.#exogenous = exogenous;
    this.#settings = settings;
    this.#listeners = listeners;
    const seeds = { loss: seedOf(settings.seed, 'loss'), jitter: seedOf(settings.seed, 'jitter') };
    this.#network = new Network(whole.graph, arcUp, seeds);
    this.#ways = new Ways(this.#network, whole.hosts.length);
    this.recorder = new Recorder(this.applications, settings.warmupMicros);
    this.fleet = new Fleet(this.applications, this.infrastructure, settings.coldStart, {
      now: () => this.now,
      wake: (at, id) => this.#queue.schedule(at, RANK.ready, id),
      lose: (replica) => this.#walk.lose(replica),
      busy: (replica) => this.busyMicros(replica),
      endpoints: (service) =>
        this.#router.forget(service, this.applications[service.application]?.edges ?? []),
    });
    this.#walk = new Walk({
      applications: this.applications,
      exogenous,
      fleet: this.fleet,
      network: this.#network,
      router: this.#router,
      ways: this.#ways,
      queue: this.#queue,
      recorder: this.recorder,
      clock: this,
      seed: settings.seed,
      patienceMicros: settings.patienceMicros,
      tell: listeners.request,
    });
    this.#begin();
  }

  /** Requests that entered, per source, since the caller last set it to zero. */
  get entered(): Float64Array {
    return this.#walk.entered;
  }

  /** Whether any request is under way. */
  get busy(): boolean {
    return this.#walk.requests.live > 0 || this.#walk.tokens.live > 0;
  }

  /** Brings placements into force now; throws `ImpossiblePlacement`. */
  apply(placements: readonly Placement[]): void {
    if (placements.length === 0) return;
    this.fleet.apply(placements);
    this.#router.apply(placements, this.applications, (node) => this.infrastructure.host(node));
  }

  /** Everything up to and including that moment, at which the clock stands afterwards. */
  run(until: number): void {
    const queue = this.#queue;
    while (queue.next <= until) this.#step();
    if (until > this.now) this.now = until;
  }

  /** No new requests: lets those under way end. */
  drain(): void {
    while (this.busy && this.#queue.size > 0) this.#step();
  }

  /** What was disrupted long enough ago becomes known, and lost replicas come back as pods without a node. */
  detect(): void {
    while ((this.detections[0] ?? Infinity) <= this.now) this.detections.shift();
    this.infrastructure.detect();
    this.fleet.detect(this.now - this.#settings.detectionMicros);
  }

  /** Busy time of a replica until now, microseconds. */
  busyMicros(replica: Replica): number {
    return this.#walk.queues.busyMicros(replica);
  }

  /** CPU microseconds that replicas have worked since they last reported and before they went; each is told once. */
  departed(): readonly { readonly host: number; readonly micros: number }[] {
    return this.fleet.departed.splice(0);
  }

  /** For tests: no request, token, seat or link time is held. */
  get rest(): {
    readonly requests: number;
    readonly tokens: number;
    readonly pending: number;
    readonly queued: number;
    readonly linksIdle: boolean;
  } {
    const replicas = this.fleet.replicas.filter((replica) => replica !== undefined);
    return {
      requests: this.#walk.requests.live,
      tokens: this.#walk.tokens.live,
      pending: replicas.reduce((sum, { pending }) => sum + pending, 0),
      queued: replicas.filter(({ first }) => first >= 0).length,
      linksIdle: this.#network.idleAfter(this.now + this.#settings.patienceMicros),
    };
  }

  #begin(): void {
    const { sources, disruptions } = this.#exogenous;
    for (const [i, disruption] of disruptions.entries()) {
      this.infrastructure.check(disruption);
      if (disruption.atMicros <= this.#settings.untilMicros)
        this.#queue.schedule(disruption.atMicros, RANK.disruption, i);
    }
    for (const [i, source] of sources.entries()) {
      if (this.applications[source.dag]?.ingress[source.ingress] === undefined)
        throw new Error(
          `arrival source ${i}: DAG ${source.dag} of the city has no ingress ${source.ingress}`,
        );
      this.#await(i);
    }
  }

  #step(): void {
    const queue = this.#queue;
    queue.pop();
    const { rank, what, time } = queue;
    if (rank === RANK.served || rank === RANK.arrived) {
      const { tokens, requests } = this.#walk;
      if (tokens.key[what] !== queue.key) return;
      this.now = time;
      this.events++;
      const { digest } = this.#listeners;
      if (digest !== undefined)
        digest.add(tokens.time[what] ?? 0, rank, requests.number[tokens.request[what] ?? 0] ?? 0);
      if (rank === RANK.served) this.#walk.served(what);
      else this.#walk.arrived(what);
      return;
    }
    this.now = time;
    this.events++;
    this.#listeners.digest?.add(time, rank, what);
    if (rank === RANK.request) {
      this.#await(what);
      this.#walk.request(what);
    } else if (rank === RANK.ready) this.fleet.ready(what, queue.key);
    else this.#disrupt(what);
  }

  /** Schedules the next arrival of a source. */
  #await(source: number): void {
    const at = this.#exogenous.sources[source]?.next() ?? Infinity;
    if (at < this.#settings.untilMicros) this.#queue.schedule(at, RANK.request, source);
  }

  #disrupt(index: number): void {
    const disruption = this.#exogenous.disruptions[index];
    if (disruption === undefined) return;
    if (this.infrastructure.disrupt(disruption)) {
      this.#ways.forget();
      this.fleet.strike();
      this.detections.push(this.now + this.#settings.detectionMicros);
    } else if (disruption.kind === 'speed') {
      const host = this.infrastructure.host(disruption.node) ?? -1;
      const before = new Map(
        this.fleet
          .all()
          .filter((r) => r.host === host)
          .map((r) => [r, r.serveMicros]),
      );
      for (const replica of this.fleet.pace(host)) {
        const old = before.get(replica) ?? 0;
        if (old > 0 && old !== replica.serveMicros)
          this.#walk.queues.rework(replica, replica.serveMicros / old);
      }
    }
  }
}
