import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { ProcessGroup } from '../control-plane/processes.ts';
import { DelayedPath } from '../delay/delayed-path.ts';
import { until } from '../demo/observe.ts';
import { kubectl } from '../parts.ts';
import { Replicas } from './traffic.ts';

/** Nodes' addresses; the near node is where the callers, the proxies and the operator are. */
const ADDRESSES = { near: '10.99.8.1', mid: '10.99.8.2', far: '10.99.8.3' } as const;
const PORT = 28_184;
const PROBE_PORT = 28_185;
/** Questions a second of each prober: a new route is seen in about two seconds. */
const RATE = '25';
/** What the topology of each region takes beside the link itself, one way, microseconds: two attachments. */
const ATTACHMENTS = 400;

/** Flags with which the operator asks the probers of `Ways`. */
export const PROBED = ['--prober-port', String(PORT), '--prober-period', '2s'];

type Elsewhere = 'mid' | 'far';

/**
 * The network between the regions: each has a network namespace of its own, packets between them are held in user space for as long as
 * is asked (hack/delay), and a real prober on each node measures that. Runs inside namespaces.
 */
export class Ways {
  readonly #path: DelayedPath;
  readonly #replicas: ReadonlyMap<string, Replicas>;
  readonly #probers = new ProcessGroup();

  readonly #takes: Record<Elsewhere, number>;

  private constructor(path: DelayedPath, takes: Readonly<Record<Elsewhere, number>>) {
    this.#path = path;
    this.#takes = { ...takes };
    this.#replicas = new Map(['mid', 'far'].map((name) => [name, new Replicas(this.#within(name))]));
  }

  /** Namespaces and the ways between them; `takes`: milliseconds of each link, one way. */
  static async open(takes: Readonly<Record<Elsewhere, number>>): Promise<Ways> {
    const path = await DelayedPath.open(ADDRESSES, 'near');
    const ways = new Ways(path, takes);
    await ways.takes('mid', takes.mid);
    await ways.takes('far', takes.far);
    return ways;
  }

  /** From now on the link from near takes so many milliseconds, one way. What is between the other two goes over the near one. */
  async takes(where: Elsewhere, ms: number): Promise<void> {
    this.#takes[where] = ms;
    const { mid, far } = this.#takes;
    await this.#path.delay('near', where, ms * 1000 + ATTACHMENTS);
    await this.#path.delay('mid', 'far', (mid + far) * 1000 + ATTACHMENTS);
  }

  /** Replicas of a region that is not near. */
  replicas(where: string): Replicas | undefined {
    return this.#replicas.get(where);
  }

  /** Leads calls to an address of a pod to its region. */
  async lead(address: string, where: string): Promise<void> {
    await this.#path.also(where, address, ADDRESSES.near);
  }

  /** Calls to an address of a pod that is gone go nowhere any more. */
  async unlead(address: string, where: string): Promise<void> {
    await this.#path.notAlso(where, address);
  }

  /** Gives the nodes their addresses and starts a prober on each. */
  async probe(cluster: LocalCluster): Promise<void> {
    await until('nodes keep their addresses', 30_000, () => address(cluster));
    const file = join(cluster.directory, 'probed-world.json');
    writeFileSync(file, kubectl(cluster, 'get', 'nodes,edgeregions', '-o', 'json'));
    for (const [name, ip] of Object.entries(ADDRESSES)) {
      const within = name === 'near' ? [] : this.#within(name);
      const program = [process.execPath, join(cluster.directory, 'dist/main.mjs'), 'prober'];
      const where = ['--node', `${name}-1`, '--address', ip, '--port', String(PORT)];
      const how = ['--probe-port', String(PROBE_PORT), '--rate', RATE, '-f', file];
      const log = join(cluster.directory, 'logs', `edgeloom-prober-${name}.log`);
      this.#probers.start(name, [...within, ...program, ...where, ...how], log);
    }
  }

  /** Ends probers, replicas and ways. */
  async close(): Promise<void> {
    for (const replicas of this.#replicas.values()) replicas.close();
    await this.#probers.close();
    await this.#path.close();
  }

  /** Runs a command in the namespace of a region. */
  #within(name: string): string[] {
    return ['/usr/bin/env', 'nsenter', `--net=/run/netns/${this.#path.namespace(name)}`, '--'];
  }
}

/** Who simulates nodes gives them addresses of its own at first: true when ours have stayed for a second. */
async function address(cluster: LocalCluster): Promise<true | undefined> {
  const format = 'jsonpath={.status.addresses[*].address}';
  const wrong = Object.entries(ADDRESSES).filter(
    ([name, ip]) => kubectl(cluster, 'get', 'node', `${name}-1`, '-o', format) !== ip,
  );
  for (const [name, ip] of wrong) {
    const patch = JSON.stringify({ status: { addresses: [{ type: 'InternalIP', address: ip }] } });
    kubectl(cluster, 'patch', 'node', `${name}-1`, '--subresource=status', '--type=merge', '-p', patch);
  }
  await sleep(1_000);
  return wrong.length === 0 ? true : undefined;
}
