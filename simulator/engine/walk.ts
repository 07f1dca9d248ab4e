import type { Exogenous } from '../exogenous.ts';
import type { Application, Ingress, Service } from './application.ts';
import { Endings } from './endings.ts';
import type { EventQueue } from './event-queue.ts';
import { callsOf, expect } from './expectation.ts';
import type { Fleet } from './fleet.ts';
import { Holds } from './holds.ts';
import { Joins } from './joins.ts';
import type { Network, Path } from './network.ts';
import { Queues } from './queues.ts';
import { drawAt, seedOf } from './random.ts';
import { RANK } from './ranks.ts';
import type { Outcome, Recorder, RequestRecord } from './recorder.ts';
import type { Replica } from './replica.ts';
import { Requests } from './requests.ts';
import type { Router } from './router.ts';
import { FATE, Tokens } from './tokens.ts';
import type { Ways } from './ways.ts';

/** What requests walk through. */
interface Ground {
  readonly applications: readonly Application[];
  readonly exogenous: Exogenous;
  readonly fleet: Fleet;
  readonly network: Network;
  readonly router: Router;
  readonly ways: Ways;
  readonly queue: EventQueue;
  readonly recorder: Recorder;
  readonly clock: { readonly now: number };
  readonly seed: number;
  readonly patienceMicros: number;
  readonly tell: ((record: RequestRecord) => void) | undefined;
}

/** Requests on their way through their graphs: access, transfers, queues, joins, the end. */
export class Walk {
  readonly requests: Requests;
  readonly tokens = new Tokens();
  readonly queues: Queues;
  /** Requests that entered, per source, since the caller last set it to zero. */
  readonly entered: Float64Array;
  readonly #applications: readonly Application[];
  readonly #services: readonly Service[];
  readonly #exogenous: Exogenous;
  readonly #fleet: Fleet;
  readonly #network: Network;
  readonly #router: Router;
  readonly #ways: Ways;
  readonly #queue: EventQueue;
  readonly #recorder: Recorder;
  readonly #clock: { readonly now: number };
  readonly #endings: Endings;
  readonly #holds: Holds;
  readonly #joins: Joins;
  readonly #patienceMicros: number;
  readonly #routeSeed: number;
  readonly #callSeed: number;
  #arrivals = 0;

  constructor(ground: Ground) {
    const { applications, exogenous, fleet, network, router, ways, queue, recorder, clock, seed } = ground;
    this.#applications = applications;
    this.#services = applications.flatMap(({ services }) => services);
    this.#exogenous = exogenous;
    this.#fleet = fleet;
    this.#network = network;
    this.#router = router;
    this.#ways = ways;
    this.#queue = queue;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#patienceMicros = ground.patienceMicros;
    this.#routeSeed = seedOf(seed, 'routes');
    this.#callSeed = seedOf(seed, 'calls');
    this.entered = new Float64Array(exogenous.sources.length);
    this.requests = new Requests(Math.max(1, ...applications.map(({ joins }) => joins)));
    this.#holds = new Holds(this.tokens, this.requests, fleet);
    this.#joins = new Joins(this.tokens, this.requests, fleet, this.#holds);
    this.#endings = new Endings(applications, this.requests, recorder, ground.tell);
    this.queues = new Queues(this.tokens, this.requests, clock, (token, time, rank) =>
      this.#schedule(token, time, rank),
    );
  }

  request(source: number): void {
    const at = this.#clock.now;
    const { dag, ingress } = this.#exogenous.sources[source] ?? { dag: 0, ingress: 0 };
    const application = this.#applications[dag];
    const entrance = application?.ingress[ingress];
    if (application === undefined || entrance === undefined) return;
    const number = this.#arrivals++;
    this.entered[source] = (this.entered[source] ?? 0) + 1;
    this.#recorder.arrived(dag);
    const requests = this.requests;
    const slot = requests.open();
    requests.number[slot] = number;
    requests.application[slot] = dag;
    requests.source[slot] = source;
    requests.arrived[slot] = at;
    requests.deadline[slot] = at + this.#patienceMicros;
    const factor = this.#exogenous.work.payloadFactor(number, source);
    requests.payloadFactor[slot] = factor;
    expect(requests, application, slot, this.#callSeed);
    const { extraMicros, lost } = this.#exogenous.radio.access(number, source, at);
    const bytes = entrance.payloadBytes * factor;
    const { band } = entrance;
    const air = band === undefined ? 0 : band.latency + (bytes === 0 ? 0 : (bytes * 8e6) / band.bandwidth);
    // One token keeps the slot while the calls go out, whatever becomes of them.
    requests.tokens[slot] = 1;
    if (lost) this.#end(slot, 'lost', at);
    else this.#enter(application, entrance, slot, at + Math.max(0, air + extraMicros), bytes * 8);
    this.#holds.release(slot);
  }

  #enter({ entries }: Application, entrance: Ingress, slot: number, at: number, bits: number): void {
    for (let i = 0; i < entries.length && this.requests.ended[slot] === 0; i++) {
      const service = entries[i];
      if (service === undefined) continue;
      const token = this.#holds.token(slot, 0);
      this.tokens.time[token] = at;
      const call = entrance.firstCall + i;
      this.#send(token, service, call, entrance.vertex, -1, entrance.payloadBytes, bits, 0);
    }
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
    const tokens = this.tokens;
    const requests = this.requests;
    const slot = tokens.request[token] ?? 0;
    const number = requests.number[slot] ?? 0;
    const time = tokens.time[token] ?? 0;
    tokens.service[token] = to.index;
    const extra = tokens.extra[token] === 1;
    const seat = extra || to.join < 0 ? -1 : slot * requests.joins + to.join;
    let replica = this.#joins.chosen(seat);
    const slice = this.#applications[to.application]?.slice ?? '';
    let path: Path | null = null;
    if (replica === undefined) {
      const draw = drawAt(this.#routeSeed, number, call + Math.imul(copy, 0x10001));
      const count = to.endpoints.length;
      const first = this.#router.pick(call, fromHost, to, draw);
      for (let i = 0; i < count && path === null; i++) {
        replica = to.endpoints[(first + i) % count];
        if (replica === undefined || replica.state === 'lost') break;
        path = this.#ways.find(call, slice, vertex, replica.host, nominal);
      }
      if (replica !== undefined && seat >= 0 && path !== null) this.#joins.choose(seat, replica);
    } else if (replica.state !== 'gone') path = this.#ways.find(call, slice, vertex, replica.host, nominal);
    if (replica === undefined || path === null) {
      const lost = replica !== undefined && (replica.state === 'lost' || replica.state === 'gone');
      if (!extra) this.#end(slot, lost ? 'lost' : 'refused', time);
      this.#holds.drop(token);
      return;
    }
    tokens.replica[token] = replica.id;
    replica.pending++;
    const deadline = requests.deadline[slot] ?? 0;
    if (path.arcs.length === 0) {
      tokens.fate[token] = FATE.fine;
      this.arrived(token);
      return;
    }
    const draws = call + Math.imul(copy, 0x10001);
    const end = this.#network.send(path, bits, this.#clock.now, time, deadline, number, draws);
    const late = end > deadline;
    tokens.fate[token] = late ? FATE.expired : this.#network.lost ? FATE.lost : FATE.fine;
    this.#schedule(token, late ? deadline : end, RANK.arrived);
  }

  #schedule(token: number, time: number, rank: number): void {
    this.tokens.time[token] = time;
    const at = Math.round(time);
    this.tokens.key[token] = this.#queue.schedule(at > this.#clock.now ? at : this.#clock.now, rank, token);
  }

  /** A token has reached its replica. */
  arrived(token: number): void {
    const tokens = this.tokens;
    const requests = this.requests;
    const slot = tokens.request[token] ?? 0;
    const id = tokens.replica[token] ?? 0;
    const extra = tokens.extra[token] === 1;
    const replica = this.#fleet.replicas[id];
    const fate = tokens.fate[token];
    const over = !extra && requests.ended[slot] === 1;
    const gone = replica === undefined || replica.state === 'lost' || replica.state === 'gone';
    if (over || gone || fate !== FATE.fine) {
      const outcome = fate === FATE.expired ? 'expired' : 'lost';
      if (!over && !extra) this.#end(slot, outcome, tokens.time[token] ?? 0);
      this.#holds.leave(id);
      this.#holds.drop(token);
      return;
    }
    const service = this.#services[tokens.service[token] ?? 0];
    if (service === undefined) return;
    if (service.inputs === 0 && !extra)
      tokens.access[token] = (tokens.time[token] ?? 0) - (requests.arrived[slot] ?? 0);
    if (service.join >= 0 && !extra && !this.#joins.input(token, slot, service.join)) {
      this.#holds.leave(id);
      this.#holds.drop(token);
      return;
    }
    this.queues.enter(
      token,
      replica,
      this.#exogenous.work.serviceFactor(requests.number[slot] ?? 0, service.spec),
    );
  }

  /** A replica has done with a token. */
  served(token: number): void {
    const tokens = this.tokens;
    const requests = this.requests;
    const id = tokens.replica[token] ?? 0;
    const replica = this.#fleet.replicas[id];
    const slot = tokens.request[token] ?? 0;
    const time = tokens.time[token] ?? 0;
    const service = this.#services[tokens.service[token] ?? 0];
    if (replica === undefined || service === undefined) return;
    this.queues.leave(token, replica);
    const { host } = replica;
    const extra = tokens.extra[token] === 1;
    const over = !extra && requests.ended[slot] === 1;
    const expired = tokens.fate[token] === FATE.expired;
    if (over || expired) {
      if (!over && !extra) this.#end(slot, 'expired', time);
    } else {
      if (service.join >= 0 && !extra) this.#joins.unseat(slot, service.join);
      this.#callOn(token, service, slot, host, time);
    }
    this.#holds.leave(id);
    this.#holds.drop(token);
  }

  /** The calls that go out when a replica has served; the end of this branch when there are none. */
  #callOn(token: number, service: Service, slot: number, host: number, time: number): void {
    const tokens = this.tokens;
    const requests = this.requests;
    const number = requests.number[slot] ?? 0;
    const factor = requests.payloadFactor[slot] ?? 1;
    const extra = tokens.extra[token] === 1;
    const { outgoing } = service;
    let called = 0;
    for (let e = 0; e < outgoing.length; e++) {
      const edge = outgoing[e];
      if (edge === undefined) continue;
      const calls = callsOf(edge, number, this.#callSeed);
      if (calls > 0) called++;
      const bits = edge.payloadBytes * factor * 8;
      for (let copy = 0; copy < calls; copy++) {
        const next = this.#holds.token(slot, extra || copy > 0 ? 1 : 0);
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

  /** A request ends, once. */
  #end(slot: number, outcome: Outcome, time: number): void {
    const requests = this.requests;
    if (requests.ended[slot] === 1) return;
    requests.ended[slot] = 1;
    if (outcome !== 'completed') {
      const joins = this.#applications[requests.application[slot] ?? 0]?.joins ?? 0;
      for (let join = 0; join < joins; join++) this.#joins.unseat(slot, join);
    }
    this.#endings.write(slot, outcome, time);
  }

  /** Everything in the queue of a replica is lost. */
  lose(replica: Replica): void {
    for (const token of this.queues.clear(replica)) {
      const slot = this.tokens.request[token] ?? 0;
      if (this.tokens.extra[token] === 0) this.#end(slot, 'lost', this.#clock.now);
      this.#holds.leave(replica.id);
      this.#holds.drop(token);
    }
  }
}
