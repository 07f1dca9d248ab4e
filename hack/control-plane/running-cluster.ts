import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, type Credentials } from './api.ts';
import { issue } from '#kube/pki/certificates.ts';
import type { LocalCluster } from './local-cluster.ts';
import { edgeloomScheduler, writeScheduler, type SchedulerOptions } from './configuration.ts';
import {
  createNodes,
  FAULT_LABEL,
  FAULT_VALUE,
  isFaultNode,
  waitForNodes,
  type NodeManifest,
} from './nodes.ts';
import { kubeconfigOf, serviceAccountGroups, writePair, type PairFiles } from './pki.ts';
import type { ServerSet } from './server-set.ts';
import { files, serverUrl, type Layout, type ServerName } from './servers.ts';

const ACCOUNT_TIMEOUT_MS = 90_000;
const NODE_TIMEOUT_MS = 60_000;
const PER_NODE_MS = 100;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** A cluster that runs and what can be done to it; made by `startCluster`. */
export class RunningCluster implements LocalCluster {
  readonly name: string;
  readonly directory: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly caFile: string;
  readonly api: Api;
  readonly #layout: Layout;
  readonly #servers: ServerSet;
  #stopping: Promise<void> | undefined;

  constructor(name: string, layout: Layout, credentials: Credentials, servers: ServerSet) {
    this.name = name;
    this.directory = layout.directory;
    this.server = serverUrl(layout.ports);
    this.kubeconfig = files.kubeconfig(layout.directory);
    this.caFile = layout.pki.caFile;
    this.api = new Api(this.server, credentials);
    this.#layout = layout;
    this.#servers = servers;
  }

  /** Starts everything, in the order in which things need each other. */
  async boot(nodes: readonly NodeManifest[], progress: (message: string) => void): Promise<void> {
    const since = performance.now();
    const say = (message: string): void =>
      progress(`${message} (${((performance.now() - since) / 1000).toFixed(1)} s)`);
    await this.#servers.spawn(['etcd', 'kube-apiserver']);
    await this.#servers.wait('kube-apiserver');
    say('API server ready');
    const rest: ServerName[] = ['kube-controller-manager', 'kube-scheduler', 'edgeloom-scheduler', 'kwok'];
    await this.#servers.spawn(rest);
    const healthy = rest.map((name) => this.#servers.wait(name));
    await Promise.all([this.addNodes(nodes), this.#waitForServiceAccount(), ...healthy]);
    say(`schedulers and controllers ready${nodes.length > 0 ? `, ${nodes.length} nodes Ready` : ''}`);
  }

  async kubeconfigFor(user: string, groups: readonly string[] = []): Promise<string> {
    const { authority } = this.#layout.pki;
    const folder = join(this.directory, 'kubeconfigs');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, user.replaceAll(/[^A-Za-z0-9.-]+/g, '_'));
    const pair = issue(authority, { commonName: user, groups });
    const text = kubeconfigOf(this.name, this.server, authority.certificate, user, pair);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  }

  kubeconfigForServiceAccount(namespace: string, name: string): Promise<string> {
    return this.kubeconfigFor(`system:serviceaccount:${namespace}:${name}`, serviceAccountGroups(namespace));
  }

  servingCertificate(
    name: string,
    hosts: readonly string[] = ['localhost', '127.0.0.1'],
  ): Promise<PairFiles> {
    const pair = issue(this.#layout.pki.authority, { commonName: name, hosts });
    return writePair(join(this.directory, 'pki'), name, pair);
  }

  async addNodes(nodes: readonly NodeManifest[]): Promise<void> {
    if (nodes.length === 0) return;
    await createNodes(this.api, nodes);
    if (nodes.some(isFaultNode)) await this.start('kwok-fault');
    await this.#waitForNodes(nodes.map(({ metadata }) => metadata.name));
  }

  async useScheduler(options: SchedulerOptions): Promise<void> {
    const kubeconfig = files.schedulerKubeconfig(this.directory);
    await writeScheduler(this.directory, 'edgeloom-scheduler', edgeloomScheduler(kubeconfig, options));
    await this.kill('edgeloom-scheduler');
    await this.start('edgeloom-scheduler');
  }

  kill(name: ServerName): Promise<void> {
    return this.#servers.kill(name);
  }

  async start(name: ServerName): Promise<void> {
    await this.#servers.spawn([name]);
    await this.#servers.wait(name);
  }

  killFaultNodes(): Promise<void> {
    return this.kill('kwok-fault');
  }

  async healFaultNodes(): Promise<void> {
    const selector = encodeURIComponent(`${FAULT_LABEL}=${FAULT_VALUE}`);
    const path = `/api/v1/nodes?labelSelector=${selector}`;
    const { items } = await this.api.get<{ items: { metadata: { name: string } }[] }>(path);
    const names = items.map(({ metadata }) => metadata.name);
    // A new kwok has a new name, and would wait for the leases of the old one to run out.
    await Promise.all(names.map((name) => this.api.send('DELETE', `${LEASES}/${name}`)));
    await this.start('kwok-fault');
    await this.#waitForNodes(names);
  }

  servers(): { name: ServerName; pid: number }[] {
    return this.#servers.list();
  }

  stop(keep = process.env.EDGELOOM_KEEP_CLUSTERS !== undefined): Promise<void> {
    this.#stopping ??= this.#stop(keep);
    return this.#stopping;
  }

  async #stop(keep: boolean): Promise<void> {
    await Promise.all([this.#servers.close(), this.api.close()]);
    const unwanted = keep ? join(this.directory, 'etcd') : this.directory;
    await rm(unwanted, { recursive: true, force: true });
  }

  async #waitForNodes(names: readonly string[]): Promise<void> {
    await waitForNodes(this.api, names, NODE_TIMEOUT_MS + names.length * PER_NODE_MS);
  }

  /** Until the default namespace has its service account, no pod can be created in it. */
  async #waitForServiceAccount(): Promise<void> {
    const deadline = performance.now() + ACCOUNT_TIMEOUT_MS;
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    while ((await this.api.send('GET', path)).status !== 200) {
      if (performance.now() > deadline)
        throw new Error('the controller manager made no default service account');
      await sleep(100);
    }
  }
}
