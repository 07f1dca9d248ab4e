import type { City } from '../city.ts';
import type { Exogenous } from '../exogenous.ts';
import type { Placement } from '../orchestrator.ts';
import type { RunSettings } from '../settings.ts';
import { applicationsOf } from './application.ts';
import type { Application, Edge, Ingress, Service } from './application.ts';
import type { Digest } from './digest.ts';
import { EventQueue } from './event-queue.ts';
import { Fleet } from './fleet.ts';
import { Infrastructure } from './infrastructure.ts';
import { Network } from './network.ts';
import type { Path } from './network.ts';
import { drawAt, seedOf } from './random.ts';
import { Recorder } from './recorder.ts';
import type { Outcome, RequestRecord } from './recorder.ts';
import type { Replica } from './replica.ts';
import { Requests } from './requests.ts';
import { Router } from './router.ts';
import { FATE, Tokens } from './tokens.ts';

/** Ranks of events at the same microsecond. */
const RANK = { disruption: 0, ready: 1, served: 2, arrived: 3, request: 4 } as const;

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
  /** Requests that entered, per source, since the caller last set it to zero. */
  readonly entered: Float64Array;
  /** When what has happened will be noticed, in order. */
  readonly detections: number[] = [];
  readonly #exogenous: Exogenous;
  readonly #settings: RunSettings;
  readonly #listeners: Listeners;
  readonly #services: readonly Service[];
  readonly #network: Network;
  readonly #router = new Router();
  readonly #queue = new EventQueue();
  readonly #requests: Requests;
  readonly #tokens = new Tokens();
  /** Ways of each call: `from vertex * hosts + to host`; null where there is none. */
  readonly #ways: Map<number, Path | null>[] = [];
  readonly #routeSeed: number;
  readonly #callSeed: number;
  #arrivals = 0;

  constructor(city: City, exogenous: Exogenous, settings: RunSettings, listeners: Listeners = {}) {
    this.infrastructure = new Infrastructure(city);
    const { whole, arcUp } = this.infrastructure;
    this.applications = applicationsOf(city.dags, whole);
    this.#services = this.applications.flatMap(({ services }) => services);
    this.#exogenous = exogenous;
    this.#settings = settings;
    this.#listeners = listeners;
    const seed = (name: string): number => seedOf(settings.seed, name);
    this.#routeSeed = seed('routes');
    this.#callSeed = seed('calls');
    this.#network = new Network(whole.graph, arcUp, { loss: seed('loss'), jitter: seed('jitter') });
    this.recorder = new Recorder(this.applications, settings.warmupMicros);
    this.#requests = new Requests(Math.max(1, ...this.applications.map(({ joins }) => joins)));
    this.fleet = new Fleet(this.applications, this.infrastructure, settings.coldStart, {
      now: () => this.now,
      wake: (at, id) => this.#queue.schedule(at, RANK.ready, id),
      lose: (replica) => this.#lose(replica),
      busy: (replica) => this.busyMicros(replica),
      endpoints: (service) =>
        this.#router.forget(service, this.applications[service.application]?.edges ?? []),
    });
    this.entered = new Float64Array(exogenous.sources.length);
    this.#begin();
  }

  /** Whether any request is under way. */
  get busy(): boolean {
    return this.#requests.live > 0 || this.#tokens.live > 0;
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
    const begin = replica.first < 0 ? this.now : (this.#tokens.begin[replica.first] ?? this.now);
    return replica.served + Math.max(0, this.now - begin);
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
      requests: this.#requests.live,
      tokens: this.#tokens.live,
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
      if (this.#tokens.key[what] !== queue.key) return;
      this.now = time;
      this.events++;
      const { digest } = this.#listeners;
      if (digest !== undefined) {
        const slot = this.#tokens.request[what] ?? 0;
        digest.add(this.#tokens.time[what] ?? 0, rank, this.#requests.number[slot] ?? 0);
      }
      if (rank === RANK.served) this.#served(what);
      else this.#arrived(what);
      return;
    }
    this.now = time;
    this.events++;
    this.#listeners.digest?.add(time, rank, what);
    if (rank === RANK.request) this.#request(what);
    else if (rank === RANK.ready) this.fleet.ready(what, queue.key);
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
      this.#network.forget();
      for (const ways of this.#ways) ways?.clear();
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
        if (old > 0 && old !== replica.serveMicros) this.#rework(replica, replica.serveMicros / old);
      }
    }
  }

  #request(source: number): void {
    const at = this.now;
    this.#await(source);
    const { dag, ingress } = this.#exogenous.sources[source] ?? { dag: 0, ingress: 0 };
    const application = this.applications[dag];
    const entrance = application?.ingress[ingress];
    if (application === undefined || entrance === undefined) return;
    const number = this.#arrivals++;
    this.entered[source] = (this.entered[source] ?? 0) + 1;
    this.recorder.arrived(dag);
    const requests = this.#requests;
    const slot = requests.open();
    requests.number[slot] = number;
    requests.application[slot] = dag;
    requests.source[slot] = source;
    requests.arrived[slot] = at;
    requests.deadline[slot] = at + this.#settings.patienceMicros;
    const factor = this.#exogenous.work.payloadFactor(number, source);
    requests.payloadFactor[slot] = factor;
    this.#expect(application, slot, number);
    const { extraMicros, lost } = this.#exogenous.radio.access(number, source, at);
    const bytes = entrance.payloadBytes * factor;
    const { band } = entrance;
    const air = band === undefined ? 0 : band.latency + (bytes === 0 ? 0 : (bytes * 8e6) / band.bandwidth);
    // One token keeps the slot while the calls go out, whatever becomes of them.
    requests.tokens[slot] = 1;
    if (lost) this.#end(slot, 'lost', at);
    else this.#enter(application, entrance, slot, at + Math.max(0, air + extraMicros), bytes * 8);
    this.#release(slot);
  }

  #enter({ entries }: Application, entrance: Ingress, slot: number, at: number, bits: number): void {
    for (let i = 0; i < entries.length && this.#requests.ended[slot] === 0; i++) {
      const service = entries[i];
      if (service === undefined) continue;
      const token = this.#token(slot, 0);
      this.#tokens.time[token] = at;
      const call = entrance.firstCall + i;
      this.#send(token, service, call, entrance.vertex, -1, entrance.payloadBytes, bits, 0);
    }
  }

  /** How many inputs each join will get, and how many ends there will be. */
  #expect(application: Application, slot: number, number: number): void {
    const requests = this.#requests;
    const first = slot * requests.joins;
    for (let j = 0; j < application.joins; j++) {
      requests.inputs[first + j] = 0;
      requests.chosen[first + j] = -1;
      requests.latest[first + j] = -1;
      requests.firstSync[first + j] = Infinity;
      requests.lastSync[first + j] = -Infinity;
    }
    requests.sinks[slot] = application.exits;
    if (!application.optional) {
      for (const { join, inputs } of application.services)
        if (join >= 0) requests.inputs[first + join] = inputs;
      return;
    }
    const reached = application.services.map(({ inputs }) => inputs === 0);
    let sinks = 0;
    for (const service of application.services) {
      if (reached[service.local] !== true) continue;
      let calls = 0;
      for (const edge of service.outgoing) {
        if (this.#calls(edge, number) === 0) continue;
        calls++;
        reached[edge.to.local] = true;
        const { join } = edge.to;
        if (join >= 0) requests.inputs[first + join] = (requests.inputs[first + join] ?? 0) + 1;
      }
      if (calls === 0) sinks++;
    }
    requests.sinks[slot] = sinks;
  }

  /** Calls that a request makes along an edge: the whole part, and one more by a draw. */
  #calls({ calls, index }: Edge, number: number): number {
    const whole = Math.floor(calls);
    return calls === whole ? calls : whole + (drawAt(this.#callSeed, number, index) < calls - whole ? 1 : 0);
  }

  #token(slot: number, extra: 0 | 1): number {
    const token = this.#tokens.take();
    const tokens = this.#tokens;
    tokens.request[token] = slot;
    tokens.extra[token] = extra;
    tokens.sync[token] = 0;
    tokens.access[token] = 0;
    tokens.queue[token] = 0;
    tokens.serve[token] = 0;
    this.#requests.tokens[slot] = (this.#requests.tokens[slot] ?? 0) + 1;
    return token;
  }

  /** Nothing more comes of a token. */
  #drop(token: number): void {
    const slot = this.#tokens.request[token] ?? 0;
    this.#tokens.give(token);
    this.#release(slot);
  }

  #release(slot: number): void {
    const left = (this.#requests.tokens[slot] ?? 0) - 1;
    this.#requests.tokens[slot] = left;
    if (left === 0) this.#requests.close(slot);
  }

  /** Takes a name off a replica. */
  #leave(id: number): void {
    const replica = this.fleet.replicas[id];
    if (replica !== undefined && --replica.pending === 0) this.fleet.idle(replica);
  }

  /** Sends a token, whose time is when it leaves, from a host (or a gateway: host -1) to a replica of a service. */
  #send(
    token: number,
    to: Service,
    call: number,
    vertex: number,
    fromHost: number,
    nominal: number,
    bits: number,
    copy: number,
  ): void {
    const tokens = this.#tokens;
    const requests = this.#requests;
    const slot = tokens.request[token] ?? 0;
    const number = requests.number[slot] ?? 0;
    const time = tokens.time[token] ?? 0;
    tokens.service[token] = to.index;
    const extra = tokens.extra[token] === 1;
    const seat = extra || to.join < 0 ? -1 : slot * requests.joins + to.join;
    let replica = seat < 0 ? undefined : this.fleet.replicas[requests.chosen[seat] ?? -1];
    let path: Path | null = null;
    if (replica === undefined) {
      const draw = drawAt(this.#routeSeed, number, call + Math.imul(copy, 0x10001));
      const count = to.endpoints.length;
      const first = this.#router.pick(call, fromHost, to, draw);
      for (let i = 0; i < count && path === null; i++) {
        replica = to.endpoints[(first + i) % count];
        if (replica === undefined || replica.state === 'lost') break;
        path = this.#way(to, call, vertex, replica.host, nominal);
      }
      if (replica !== undefined && seat >= 0 && path !== null) {
        requests.chosen[seat] = replica.id;
        replica.pending++;
      }
    } else if (replica.state !== 'gone') path = this.#way(to, call, vertex, replica.host, nominal);
    if (replica === undefined || path === null) {
      const lost = replica !== undefined && (replica.state === 'lost' || replica.state === 'gone');
      if (!extra) this.#end(slot, lost ? 'lost' : 'refused', time);
      this.#drop(token);
      return;
    }
    tokens.replica[token] = replica.id;
    replica.pending++;
    const deadline = requests.deadline[slot] ?? 0;
    if (path.arcs.length === 0) {
      tokens.fate[token] = FATE.fine;
      this.#arrived(token);
      return;
    }
    const draws = call + Math.imul(copy, 0x10001);
    const end = this.#network.send(path, bits, this.now, time, deadline, number, draws);
    const late = end > deadline;
    tokens.fate[token] = late ? FATE.expired : this.#network.lost ? FATE.lost : FATE.fine;
    this.#schedule(token, late ? deadline : end, RANK.arrived);
  }

  #way(to: Service, call: number, vertex: number, host: number, bytes: number): Path | null {
    const ways = (this.#ways[call] ??= new Map());
    const key = vertex * this.infrastructure.whole.hosts.length + host;
    const known = ways.get(key);
    if (known !== undefined) return known;
    const slice = this.applications[to.application]?.slice ?? '';
    const path = this.#network.path(slice, vertex, host, bytes) ?? null;
    ways.set(key, path);
    return path;
  }

  #schedule(token: number, time: number, rank: number): void {
    this.#tokens.time[token] = time;
    const at = Math.round(time);
    this.#tokens.key[token] = this.#queue.schedule(at > this.now ? at : this.now, rank, token);
  }

  /** A token has reached its replica. */
  #arrived(token: number): void {
    const tokens = this.#tokens;
    const requests = this.#requests;
    const slot = tokens.request[token] ?? 0;
    const id = tokens.replica[token] ?? 0;
    const extra = tokens.extra[token] === 1;
    const replica = this.fleet.replicas[id];
    const fate = tokens.fate[token];
    const over = !extra && requests.ended[slot] === 1;
    const gone = replica === undefined || replica.state === 'lost' || replica.state === 'gone';
    if (over || gone || fate !== FATE.fine) {
      const outcome = fate === FATE.expired ? 'expired' : 'lost';
      if (!over && !extra) this.#end(slot, outcome, tokens.time[token] ?? 0);
      this.#leave(id);
      this.#drop(token);
      return;
    }
    const service = this.#services[tokens.service[token] ?? 0];
    if (service === undefined) return;
    if (service.inputs === 0 && !extra)
      tokens.access[token] = (tokens.time[token] ?? 0) - (requests.arrived[slot] ?? 0);
    if (service.join >= 0 && !extra && !this.#join(token, slot, service.join)) {
      this.#leave(id);
      this.#drop(token);
      return;
    }
    this.#queueAt(
      token,
      replica,
      this.#exogenous.work.serviceFactor(requests.number[slot] ?? 0, service.spec),
    );
  }

  /** Counts an input; true for the last one, whose time is then the latest of all. */
  #join(token: number, slot: number, join: number): boolean {
    const tokens = this.#tokens;
    const requests = this.#requests;
    const seat = slot * requests.joins + join;
    const time = tokens.time[token] ?? 0;
    const latest = requests.latest[seat] ?? -1;
    if (tokens.sync[token] === 1) {
      if (time < (requests.firstSync[seat] ?? 0)) requests.firstSync[seat] = time;
      if (time > (requests.lastSync[seat] ?? 0)) requests.lastSync[seat] = time;
    }
    const left = (requests.inputs[seat] ?? 0) - 1;
    requests.inputs[seat] = left;
    if (left > 0) {
      if (time > latest) requests.latest[seat] = time;
      return false;
    }
    const spread = (requests.lastSync[seat] ?? 0) - (requests.firstSync[seat] ?? 0);
    if (spread > (requests.sync[slot] ?? 0)) requests.sync[slot] = spread;
    if (latest > time) {
      // Inputs of the same microsecond may come in the wrong order: the rest of it is a wait.
      tokens.queue[token] = (tokens.queue[token] ?? 0) + latest - time;
      tokens.time[token] = latest;
    }
    return true;
  }

  /** Reserves a token's place in a queue. A job that the deadline cuts short stops there; one that would begin later never does. */
  #queueAt(token: number, replica: Replica, factor: number): void {
    const tokens = this.#tokens;
    const slot = tokens.request[token] ?? 0;
    const at = tokens.time[token] ?? 0;
    const work = replica.serveMicros * factor;
    const begin = replica.station.begin(at);
    tokens.work[token] = work;
    tokens.queue[token] = (tokens.queue[token] ?? 0) + begin - at;
    tokens.serve[token] = (tokens.serve[token] ?? 0) + work;
    this.#book(token, replica, begin, work, this.#requests.deadline[slot] ?? 0);
  }

  #book(token: number, replica: Replica, begin: number, work: number, deadline: number): void {
    const tokens = this.#tokens;
    const late = begin + work > deadline;
    const end = late ? deadline : begin + work;
    tokens.fate[token] = late ? FATE.expired : FATE.fine;
    if (begin > deadline) {
      this.#schedule(token, deadline, RANK.arrived);
      return;
    }
    tokens.begin[token] = begin;
    tokens.next[token] = -1;
    if (replica.last < 0) replica.first = token;
    else tokens.next[replica.last] = token;
    replica.last = token;
    replica.station.hold(end);
    this.#schedule(token, end, RANK.served);
  }

  /** A replica works at another speed: what is left of every job in its queue takes `ratio` times as long. */
  #rework(replica: Replica, ratio: number): void {
    const tokens = this.#tokens;
    const { now } = this;
    const waiting: number[] = [];
    for (let token = replica.first; token >= 0; token = tokens.next[token] ?? -1) waiting.push(token);
    replica.first = replica.last = -1;
    let free = now;
    for (const token of waiting) {
      const slot = tokens.request[token] ?? 0;
      const begin = tokens.begin[token] ?? now;
      const done = Math.max(0, now - begin);
      const left = Math.max(0, (tokens.work[token] ?? 0) - done) * ratio;
      // A job that begins within this very microsecond keeps its fraction of it.
      const from = Math.max(free, Math.min(begin, now + 0.5));
      replica.served += done;
      tokens.serve[token] = (tokens.serve[token] ?? 0) - (tokens.work[token] ?? 0) + done + left;
      if (done === 0) tokens.queue[token] = (tokens.queue[token] ?? 0) + from - begin;
      tokens.work[token] = left;
      this.#book(token, replica, from, left, this.#requests.deadline[slot] ?? 0);
      free = Math.min(from + left, this.#requests.deadline[slot] ?? 0);
      if (free < from) free = from;
    }
    if (waiting.length > 0) replica.station.hold(free);
  }

  /** A replica has done with a token. */
  #served(token: number): void {
    const tokens = this.#tokens;
    const requests = this.#requests;
    const id = tokens.replica[token] ?? 0;
    const replica = this.fleet.replicas[id];
    const slot = tokens.request[token] ?? 0;
    const time = tokens.time[token] ?? 0;
    const service = this.#services[tokens.service[token] ?? 0];
    if (replica === undefined || service === undefined) return;
    const next = tokens.next[token] ?? -1;
    replica.first = next;
    if (next < 0) replica.last = -1;
    replica.served += time - (tokens.begin[token] ?? time);
    const { host } = replica;
    const extra = tokens.extra[token] === 1;
    const over = !extra && requests.ended[slot] === 1;
    const expired = tokens.fate[token] === FATE.expired;
    if (over || expired) {
      if (!over && !extra) this.#end(slot, 'expired', time);
    } else {
      if (service.join >= 0 && !extra) this.#unseat(slot, service.join);
      this.#callOn(token, service, slot, host, time);
    }
    this.#leave(id);
    this.#drop(token);
  }

  /** The calls that go out when a replica has served; the end of this branch when there are none. */
  #callOn(token: number, service: Service, slot: number, host: number, time: number): void {
    const tokens = this.#tokens;
    const requests = this.#requests;
    const number = requests.number[slot] ?? 0;
    const factor = requests.payloadFactor[slot] ?? 1;
    const extra = tokens.extra[token] === 1;
    const { outgoing } = service;
    let called = 0;
    for (let e = 0; e < outgoing.length; e++) {
      const edge = outgoing[e];
      if (edge === undefined) continue;
      const calls = this.#calls(edge, number);
      if (calls > 0) called++;
      const bits = edge.payloadBytes * factor * 8;
      for (let copy = 0; copy < calls; copy++) {
        const next = this.#token(slot, extra || copy > 0 ? 1 : 0);
        tokens.time[next] = time;
        tokens.access[next] = tokens.access[token] ?? 0;
        tokens.queue[next] = tokens.queue[token] ?? 0;
        tokens.serve[next] = tokens.serve[token] ?? 0;
        tokens.sync[next] = edge.sync ? 1 : 0;
        this.#send(next, edge.to, edge.index, host, host, edge.payloadBytes, bits, copy);
      }
    }
    if (called > 0 || extra || requests.ended[slot] === 1) return;
    if (time > (requests.end[slot] ?? -1)) {
      requests.end[slot] = time;
      requests.access[slot] = tokens.access[token] ?? 0;
      requests.queue[slot] = tokens.queue[token] ?? 0;
      requests.serve[slot] = tokens.serve[token] ?? 0;
    }
    const left = (requests.sinks[slot] ?? 0) - 1;
    requests.sinks[slot] = left;
    if (left === 0) this.#end(slot, 'completed', requests.end[slot] ?? time);
  }

  /** A join's replica is not kept for the request any longer. */
  #unseat(slot: number, join: number): void {
    const seat = slot * this.#requests.joins + join;
    const id = this.#requests.chosen[seat] ?? -1;
    if (id < 0) return;
    this.#requests.chosen[seat] = -1;
    this.#leave(id);
  }

  /** A request ends, once. */
  #end(slot: number, outcome: Outcome, time: number): void {
    const requests = this.#requests;
    if (requests.ended[slot] === 1) return;
    requests.ended[slot] = 1;
    const dag = requests.application[slot] ?? 0;
    const arrived = requests.arrived[slot] ?? 0;
    const latency = time - arrived;
    const access = requests.access[slot] ?? 0;
    const queue = requests.queue[slot] ?? 0;
    const serve = requests.serve[slot] ?? 0;
    const sync = requests.sync[slot] ?? 0;
    if (outcome === 'completed') this.recorder.completed(dag, arrived, latency, access, queue, serve, sync);
    else {
      const joins = this.applications[dag]?.joins ?? 0;
      for (let join = 0; join < joins; join++) this.#unseat(slot, join);
      this.recorder.failed(dag, arrived, outcome);
    }
    const tell = this.#listeners.request;
    if (tell === undefined) return;
    const application = this.applications[dag];
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

  /** Everything in the queue of a replica is lost. */
  #lose(replica: Replica): void {
    const tokens = this.#tokens;
    const begin = replica.first < 0 ? this.now : (tokens.begin[replica.first] ?? this.now);
    replica.served += Math.max(0, this.now - begin);
    let token = replica.first;
    replica.first = replica.last = -1;
    while (token >= 0) {
      const next = tokens.next[token] ?? -1;
      const slot = tokens.request[token] ?? 0;
      if (tokens.extra[token] === 0) this.#end(slot, 'lost', this.now);
      this.#leave(replica.id);
      this.#drop(token);
      token = next;
    }
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
