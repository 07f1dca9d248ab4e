import type { Service } from './application.ts';
import type { GatedReplica } from './pods.ts';
import { Replica } from './replica.ts';

/** Replicas by number and by microservice. The number of one that is gone is given again once no request names it. */
export class Roster {
  /** By id; ids are reused. */
  readonly replicas: (Replica | undefined)[] = [];
  readonly #ofService: Replica[][];
  readonly #free: number[] = [];

  constructor(services: number) {
    this.#ofService = Array.from({ length: services }, () => []);
  }

  /** Replicas of a service that are not gone. */
  of(service: Service): readonly Replica[] {
    return this.#ofService[service.index] ?? [];
  }

  /** Everything that is not gone, by service. */
  all(): Replica[] {
    return this.#ofService.flat();
  }

  /** A new replica, which waits. */
  create(service: Service, host: number, pod: GatedReplica['pod']): Replica {
    const id = this.#free.pop() ?? this.replicas.length;
    const replica = new Replica(id, service, host, pod);
    this.replicas[id] = replica;
    this.#ofService[service.index]?.push(replica);
    return replica;
  }

  /** The replica is gone; its number is kept while requests under way name it. */
  remove(replica: Replica): void {
    replica.state = 'gone';
    const own = this.#ofService[replica.service.index] ?? [];
    own.splice(own.indexOf(replica), 1);
    if (replica.pending === 0) this.recycle(replica);
  }

  /** Nobody names the replica, which is gone, any more. */
  recycle(replica: Replica): void {
    this.replicas[replica.id] = undefined;
    this.#free.push(replica.id);
  }
}
