import type { KubePod } from '#crds/node.ts';
import { decidedNode } from '#world/claims.ts';
import { lackingResource } from '#world/feasibility.ts';
import { podRequests } from '#world/requests.ts';
import { ledgerWithout } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';

/** What one pod asks for, in the columns of the snapshot. */
export interface Request {
  readonly amounts: Float64Array;
  /** A resource that no node of this world offers. */
  readonly unheardOf: string | undefined;
}

const over = (pod: KubePod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** What is left on every host, kept up to date through one round. */
export class Room {
  readonly #snapshot: Snapshot;
  /** Less what pods hold: those that are bound or pinned, on whosever account. */
  readonly #free: Float64Array;
  /** Less what plans in force hold as well. */
  readonly #unpromised: Float64Array;

  constructor(snapshot: Snapshot, pods: readonly KubePod[]) {
    this.#snapshot = snapshot;
    this.#free = snapshot.allocatable.slice();
    const hostOf = new Map(snapshot.hosts.map((host, h) => [host.name, h]));
    for (const pod of pods) {
      const host = hostOf.get(decidedNode(pod) ?? '');
      if (host !== undefined && !over(pod)) this.#subtract(this.#free, host, this.requestOf(pod));
    }
    const { used } = ledgerWithout(snapshot, undefined);
    this.#unpromised = snapshot.allocatable.map((amount, i) => amount - (used[i] ?? 0));
  }

  /** What a pod asks for. */
  requestOf(pod: KubePod): Request {
    const { resources } = this.#snapshot;
    const asked = podRequests(pod.spec);
    const unheardOf = [...asked].find(([name, amount]) => amount > 0 && !resources.includes(name))?.[0];
    return { amounts: Float64Array.from(resources, (name) => asked.get(name) ?? 0), unheardOf };
  }

  /** A resource of which the host has too little for one more such pod; undefined when all fit. */
  lacking(host: number, { amounts, unheardOf }: Request): string | undefined {
    return unheardOf ?? lackingResource(this.#snapshot.resources, this.#free, host, amounts);
  }

  /** Whether one more such pod fits there without taking what a plan counts on. */
  unpromised(host: number, { amounts }: Request): boolean {
    return lackingResource(this.#snapshot.resources, this.#unpromised, host, amounts) === undefined;
  }

  /** One such pod goes there; `planned` when a plan already holds its place. */
  take(host: number, request: Request, planned: boolean): void {
    this.#subtract(this.#free, host, request);
    if (!planned) this.#subtract(this.#unpromised, host, request);
  }

  #subtract(from: Float64Array, host: number, { amounts }: Request): void {
    for (const [r, amount] of amounts.entries()) {
      const at = host * amounts.length + r;
      from[at] = (from[at] ?? 0) - amount;
    }
  }
}
