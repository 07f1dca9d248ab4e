import type { Application, Service } from './application.ts';
import { boundPod, gatedPod, movedPod } from './pods.ts';
import type { GatedReplica } from './pods.ts';
import type { Infrastructure } from './infrastructure.ts';
import type { Placement } from '../orchestrator.ts';
import type { Replica } from './replica.ts';
import { Room } from './room.ts';
import { Roster } from './roster.ts';
import { wantedHosts } from './wanted.ts';
import type { Wanted } from './wanted.ts';

/** What replicas need from the simulation around them. */
export interface Surroundings {
  readonly now: () => number;
  /** Asks for `ready(id)` at that time; returns the event's key. */
  readonly wake: (at: number, id: number) => number;
  /** Everything that waits at a lost replica is lost with it. */
  readonly lose: (replica: Replica) => void;
  /** How long a replica has worked. */
  readonly busy: (replica: Replica) => number;
  /** Who may be called has changed. */
  readonly endpoints: (service: Service) => void;
}

/** How long a new replica takes; microseconds. */
interface ColdStart {
  readonly imageMicros: number;
  readonly startMicros: number;
}

/**
 * All replicas and what they hold. Make before break: those that have no place in a new placement go on until the new ones of
 * their microservice are ready, and who needs their room waits; only where waiting would have no end the old one goes first.
 */
export class Fleet {
  /** Replicas started elsewhere than where one was stopped, after the first placement. */
  moves = 0;
  /** By id; ids are reused. */
  readonly replicas: readonly (Replica | undefined)[];
  /** Pods without a node: replicas that were lost and are not placed again yet, oldest first. */
  gated: GatedReplica[] = [];
  /** CPU microseconds of replicas that went, since somebody took them out. */
  readonly departed: { readonly host: number; readonly micros: number }[] = [];
  /** Held per host and resource, base units. */
  readonly used: Float64Array;
  readonly #applications: readonly Application[];
  readonly #infrastructure: Infrastructure;
  readonly #coldStart: ColdStart;
  readonly #around: Surroundings;
  readonly #roster: Roster;
  readonly #room: Room;
  readonly #services: number;
  /** Where a microservice has run before: its image is there. */
  readonly #images = new Set<number>();
  #named = 0;
  #begun = false;

  constructor(
    applications: readonly Application[],
    infrastructure: Infrastructure,
    coldStart: ColdStart,
    around: Surroundings,
  ) {
    this.#applications = applications;
    this.#infrastructure = infrastructure;
    this.#coldStart = coldStart;
    this.#around = around;
    this.#services = applications.reduce((sum, { services }) => sum + services.length, 0);
    this.#roster = new Roster(this.#services);
    this.replicas = this.#roster.replicas;
    this.#room = new Room(infrastructure);
    this.used = this.#room.used;
  }

  /** Replicas of a service that are not gone. */
  of(service: Service): readonly Replica[] {
    return this.#roster.of(service);
  }

  /** Everything that is not gone, by service. */
  all(): Replica[] {
    return this.#roster.all();
  }

  /**
   * Brings placements into force, the first of the run at once and warm. Throws, and changes nothing, when one names what is not
   * there or when all together would hold more than a node has.
   */
  apply(placements: readonly Placement[]): void {
    const wanted = wantedHosts(placements, this.#applications, this.#infrastructure, (s) => this.of(s));
    for (const one of wanted) this.#bring(one);
    if (wanted.length > 0) this.#begun = true;
  }

  /** Puts a gated pod on a node; false when the node has no room for it (any more). */
  pin(gated: GatedReplica, node: string): boolean {
    const host = this.#infrastructure.host(node);
    if (host === undefined || !this.#room.fits(gated.service, host)) return false;
    this.gated = this.gated.filter((other) => other !== gated);
    this.#start(this.#create(gated.service, host, movedPod(gated.pod, node)));
    return true;
  }

  /** A replica has started. */
  ready(id: number, key: number): void {
    const replica = this.replicas[id];
    if (replica?.state !== 'starting' || replica.readyKey !== key) return;
    this.#open(replica);
    this.#settle(replica.service);
  }

  /** Hosts that are down lose what they run. */
  strike(): void {
    for (const replica of this.all()) {
      if (this.#infrastructure.hostUp[replica.host] === 1 || replica.state === 'lost') continue;
      if (replica.state === 'retiring' || replica.state === 'draining') this.#remove(replica);
      else {
        replica.state = 'lost';
        replica.lostAt = this.#around.now();
      }
      this.#around.lose(replica);
    }
  }

  /** Replicas that were lost at `since` or before, or whose node is known to be down, are recreated as pods without a node. */
  detect(since: number): void {
    for (const replica of this.all()) {
      if (replica.state !== 'lost') continue;
      if (replica.lostAt > since && this.#infrastructure.hostReady[replica.host] === 1) continue;
      const { service, host } = replica;
      const region = this.#infrastructure.whole.hosts[host]?.region ?? '';
      this.#remove(replica);
      const application = this.#applications[service.application];
      if (application === undefined) continue;
      const pod = gatedPod(application.dag, service, region, this.#named++, this.#around.now());
      this.gated.push({ service, pod });
    }
  }

  /** A host's speed has changed. */
  pace(host: number): Replica[] {
    const own = this.all().filter((replica) => replica.host === host);
    for (const replica of own) replica.serveMicros = this.#serveMicros(replica.service, host);
    return own;
  }

  /** Nobody names the replica any more: a draining one goes, and the number of one that is gone is free. */
  idle(replica: Replica): void {
    if (replica.pending > 0) return;
    if (replica.state === 'draining') this.#remove(replica);
    else if (replica.state === 'gone') this.#roster.recycle(replica);
  }

  #bring({ service, hosts }: Wanted): void {
    this.gated = this.gated.filter((gated) => gated.service !== service);
    const missing = [...hosts];
    const surplus: Replica[] = [];
    const own = this.of(service).filter(({ state }) => state !== 'draining');
    // Those that run come before those that still start, so that the least is thrown away.
    const order = ['ready', 'retiring', 'starting', 'waiting', 'lost'];
    for (const replica of own.toSorted(
      (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.id - b.id,
    )) {
      const at = missing.indexOf(replica.host);
      if (at < 0) surplus.push(replica);
      else {
        missing.splice(at, 1);
        if (replica.state === 'retiring') replica.state = 'ready';
      }
    }
    const stopped = surplus.filter((replica) => replica.wanted).length;
    if (this.#begun) this.moves += Math.min(missing.length, stopped);
    const dag = this.#applications[service.application]?.dag;
    if (dag === undefined) return;
    for (const replica of surplus) {
      if (replica.state === 'ready') replica.state = 'retiring';
      else if (replica.state !== 'retiring') this.#remove(replica);
    }
    for (const host of missing) {
      const at = this.#infrastructure.whole.hosts[host];
      if (at === undefined) continue;
      const pod = boundPod(dag, service, at, this.#named++, this.#around.now());
      this.#start(this.#create(service, host, pod));
    }
    this.#settle(service);
  }

  #create(service: Service, host: number, pod: GatedReplica['pod']): Replica {
    const replica = this.#roster.create(service, host, pod);
    replica.serveMicros = this.#serveMicros(service, host);
    return replica;
  }

  /** Begins the cold start, as soon as there is room. */
  #start(replica: Replica): void {
    const { service, host } = replica;
    const now = this.#around.now();
    if (!this.#room.fits(service, host)) {
      // It waits for what is to leave this node anyway. The break comes before the make only where waiting would have no end: for a
      // replica of its own service, and for one whose successor waits itself.
      for (const other of this.all())
        if (
          other.host === host &&
          other.state === 'retiring' &&
          (other.service === service || this.#waits(other.service))
        )
          this.#drain(other);
    }
    // What left may already have let this one in.
    if (replica.state !== 'waiting' || !this.#room.fits(service, host)) return;
    this.#room.hold(service, host, 1);
    replica.held = true;
    const image = host * this.#services + service.index;
    const pull = this.#images.has(image) ? 0 : this.#coldStart.imageMicros;
    this.#images.add(image);
    if (this.#infrastructure.hostUp[host] === 0) {
      replica.state = 'lost';
      replica.lostAt = now;
    } else if (this.#begun) {
      replica.state = 'starting';
      replica.readyKey = this.#around.wake(now + this.#coldStart.startMicros + pull, replica.id);
    } else this.#open(replica);
  }

  #waits(service: Service): boolean {
    return this.of(service).some(({ state }) => state === 'waiting');
  }

  #open(replica: Replica): void {
    replica.state = 'ready';
    replica.station.clear(this.#around.now());
    replica.service.endpoints.push(replica);
    this.#around.endpoints(replica.service);
  }

  /** Once every wanted replica takes requests, the others need not. */
  #settle(service: Service): void {
    const own = this.of(service);
    if (own.some((replica) => replica.wanted && replica.state !== 'ready')) return;
    for (const replica of own.filter(({ state }) => state === 'retiring')) this.#drain(replica);
  }

  #drain(replica: Replica): void {
    // One that leaves may make another leave, which is then gone when its turn comes.
    if (replica.state !== 'retiring') return;
    replica.state = 'draining';
    this.#close(replica);
    this.idle(replica);
  }

  #close(replica: Replica): void {
    const { endpoints } = replica.service;
    const at = endpoints.indexOf(replica);
    if (at < 0) return;
    endpoints.splice(at, 1);
    this.#around.endpoints(replica.service);
  }

  #remove(replica: Replica): void {
    const { service, host } = replica;
    this.#close(replica);
    if (replica.held) this.#room.hold(service, host, -1);
    replica.held = false;
    const micros = (this.#around.busy(replica) - replica.reported) * service.cores;
    if (micros > 0) this.departed.push({ host, micros });
    this.#roster.remove(replica);
    for (const other of this.all()) if (other.state === 'waiting' && other.host === host) this.#start(other);
  }

  #serveMicros({ work, cores }: Service, host: number): number {
    const mips = this.#infrastructure.whole.hosts[host]?.mipsPerCpu ?? 1;
    return work === 0 ? 0 : work / (mips * (this.#infrastructure.speed[host] ?? 1) * cores);
  }
}
