import type { KubePod } from '#crds/node.ts';
import type { Service } from './application.ts';
import { Station } from './station.ts';

/**
 * waiting: for room on its node; starting: cold; ready: takes requests; retiring: takes requests until those that come in its
 * place are ready; draining: finishes what it has; lost: with its node, not noticed yet; gone: only requests under way still
 * name it.
 */
export type ReplicaState = 'waiting' | 'starting' | 'ready' | 'retiring' | 'draining' | 'lost' | 'gone';

/** One replica on one host: a queue with one server. */
export class Replica {
  readonly id: number;
  readonly service: Service;
  readonly host: number;
  readonly node: string;
  readonly pod: KubePod;
  readonly station = new Station();
  state: ReplicaState = 'waiting';
  /** Service time of a plain request at the host's present speed, microseconds. */
  serveMicros = 0;
  /** Key of the event at which it becomes ready. */
  readyKey = -1;
  /** It holds its request on its host. */
  held = false;
  /** When its node was lost. */
  lostAt = 0;
  /** Calls and joins that name it. */
  pending = 0;
  /** Queue of tokens, the one in service first; -1 when empty. */
  first = -1;
  last = -1;
  /** Busy time up to the end of the last job, and up to when it was last asked for, microseconds. */
  served = 0;
  reported = 0;

  constructor(id: number, service: Service, host: number, pod: KubePod) {
    this.id = id;
    this.service = service;
    this.host = host;
    this.node = pod.spec.nodeName ?? '';
    this.pod = pod;
  }

  /** It runs, or is on its way to, and is meant to stay. */
  get wanted(): boolean {
    const { state } = this;
    return state === 'waiting' || state === 'starting' || state === 'ready' || state === 'lost';
  }
}
