import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from './api.ts';
import { ensureServers } from './build.ts';
import { issue } from '#kube/pki/certificates.ts';
import {
  edgeloomScheduler,
  stockScheduler,
  writeAuditPolicy,
  writeKwok,
  writeScheduler,
} from './configuration.ts';
import type { SchedulerOptions } from './configuration.ts';
import type { LocalCluster } from './local-cluster.ts';
import { plainNodes, type NodeManifest } from './nodes.ts';
import { createPki, kubeconfigOf } from './pki.ts';
import { reservePorts, type Reservation } from './ports.ts';
import { files, PORTS, serverUrl } from './servers.ts';
import type { Layout, NodeLossOptions, PortName } from './servers.ts';
import { RunningCluster } from './running-cluster.ts';
import { ServerSet } from './server-set.ts';
import { claim, directoryOf } from './state.ts';

/** What a cluster should be. */
export interface ClusterOptions {
  /** A plain word; two clusters of one name cannot run at once. */
  readonly name: string;
  /** Where its files go; `.cache/clusters/NAME` when left out. */
  readonly directory?: string;
  /** Simulated nodes: manifests, or how many plain ones. */
  readonly nodes?: readonly NodeManifest[] | number;
  /** The scheduler for pods with `schedulerName: edgeloom`. */
  readonly scheduler?: SchedulerOptions;
  readonly nodeLoss?: NodeLossOptions;
  /** How long a node's lease is valid; simulated kubelets renew four times as often. */
  readonly leaseSeconds?: number;
  /** Records every request to the API server in `logs/audit.log`. */
  readonly audit?: boolean;
  /** Whether it was started to outlive the command that asked for it; only written down. */
  readonly detached?: boolean;
  readonly onProgress?: (message: string) => void;
  /** Hears of a server that ended by itself after the start. */
  readonly onServerExit?: (message: string) => void;
}

const LEASE_SECONDS = 40;

/** Starts a cluster and returns when its servers are well and its nodes Ready. */
export async function startCluster(options: ClusterOptions): Promise<LocalCluster> {
  const progress = options.onProgress ?? (() => undefined);
  const directory = directoryOf(options.name, options.directory);
  await ensureServers(progress);
  await claim(options.name, directory);
  const { layout, credentials, reservations } = await prepare(options, directory);
  const owner = { pid: process.pid, detached: options.detached ?? false };
  const servers = new ServerSet(options.name, owner, layout, credentials, reservations);
  servers.onExit = (message) => options.onServerExit?.(message);
  const cluster = new RunningCluster(options.name, layout, credentials, servers);
  try {
    await cluster.boot(nodesOf(options.nodes), progress);
    return cluster;
  } catch (error) {
    await cluster.stop(true);
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`cluster "${options.name}" did not start: ${message}`, { cause: error });
  } finally {
    await Promise.all(Object.values(reservations).map((reservation) => reservation.release()));
  }
}

function nodesOf(nodes: ClusterOptions['nodes']): readonly NodeManifest[] {
  return typeof nodes === 'object' ? nodes : plainNodes(nodes ?? 0);
}

interface Prepared {
  readonly layout: Layout;
  readonly credentials: Credentials;
  readonly reservations: Readonly<Record<PortName, Reservation>>;
}

/** Everything that is decided and written before the first server starts. */
async function prepare(options: ClusterOptions, directory: string): Promise<Prepared> {
  const reservations = await reservePorts(PORTS);
  const numbers = Object.entries(reservations).map(([name, { port }]) => [name, port]);
  const ports = Object.fromEntries(numbers) as Layout['ports'];
  const pki = await createPki(join(directory, 'pki'), options.name);
  const { authority, adminPair } = pki;
  const layout: Layout = {
    directory,
    ports,
    pki,
    nodeLoss: options.nodeLoss ?? {},
    leaseSeconds: options.leaseSeconds ?? LEASE_SECONDS,
    audit: options.audit ?? false,
  };
  const kubeconfig = (user: string, pair = adminPair): string =>
    kubeconfigOf(options.name, serverUrl(ports), authority.certificate, user, pair);
  const scheduler = issue(authority, { commonName: 'system:kube-scheduler' });
  const schedulerFile = files.schedulerKubeconfig(directory);
  await Promise.all([
    writeFile(files.kubeconfig(directory), kubeconfig('edgeloom-admin'), { mode: 0o600 }),
    writeFile(schedulerFile, kubeconfig('system:kube-scheduler', scheduler), { mode: 0o600 }),
    writeScheduler(directory, 'kube-scheduler', stockScheduler(schedulerFile)),
    writeScheduler(
      directory,
      'edgeloom-scheduler',
      edgeloomScheduler(schedulerFile, options.scheduler ?? {}),
    ),
    writeKwok(directory, layout.leaseSeconds),
    ...(layout.audit ? [writeAuditPolicy(directory)] : []),
  ]);
  const credentials = { ca: authority.certificate, ...adminPair };
  return { layout, credentials, reservations };
}
