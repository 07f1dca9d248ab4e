import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { Api, type Credentials } from './api.ts';
import { Health } from './health.ts';
import { readNodes } from './nodes.ts';
import { lastLines } from './processes.ts';
import { belongsTo, directoryOf, readState, runningServers, type ServerState } from './state.ts';

/** One server as `cluster status` shows it. */
export interface ServerStatus {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** "ok", or what is wrong. */
  readonly health: string;
  readonly log: string;
}

/** A cluster as `cluster status` shows it. */
export interface ClusterStatus {
  readonly name: string;
  readonly running: boolean;
  readonly healthy: boolean;
  readonly server: string;
  readonly kubeconfig: string;
  readonly servers: readonly ServerStatus[];
  /** Undefined when the API server cannot be asked. */
  readonly nodes: { readonly total: number; readonly ready: number } | undefined;
}

/** Looks at a cluster from outside; undefined when there is none of that name. */
export async function clusterStatus(name: string, folder?: string): Promise<ClusterStatus | undefined> {
  const directory = directoryOf(name, folder);
  const state = await readState(directory);
  if (state === undefined || state.servers.length === 0) return undefined;
  const credentials = await readCredentials(state.kubeconfig);
  const health = new Health(credentials);
  const api = new Api(state.server, credentials);
  try {
    const servers = await Promise.all(state.servers.map((server) => look(server, directory, health)));
    const nodes = await readNodes(api).catch(() => undefined);
    const { server, kubeconfig } = state;
    return {
      name,
      running: runningServers(directory, state).length > 0,
      healthy: servers.every(({ health }) => health === 'ok'),
      server,
      kubeconfig,
      servers,
      nodes: nodes === undefined ? undefined : { total: nodes.total, ready: nodes.ready.length },
    };
  } finally {
    await Promise.all([health.close(), api.close()]);
  }
}

/** The names of the clusters in the usual place that run now. */
export async function runningClusters(): Promise<string[]> {
  const folder = dirname(directoryOf('any'));
  const names = await readdir(folder).catch(() => []);
  const states = await Promise.all(
    names.map(async (name) => {
      const directory = directoryOf(name);
      const state = await readState(directory);
      return state !== undefined && runningServers(directory, state).length > 0 ? [name] : [];
    }),
  );
  return states.flat();
}

/** The table that people read, with the end of the log of each server that is not well. */
export function statusTable({ name, server, kubeconfig, servers, nodes }: ClusterStatus): string {
  const rows = [
    ['SERVER', 'PORT', 'PID', 'HEALTH'],
    ...servers.map(({ name, port, pid, health }) => [name, String(port), String(pid), health]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const troubles = servers
    .filter(({ health }) => health !== 'ok')
    .map(({ name, health, log }) => `\n${name}: ${health}; the last lines of ${log}:\n${lastLines(log)}`);
  return [
    `cluster     ${name}`,
    `server      ${server}`,
    `kubeconfig  ${kubeconfig}`,
    `nodes       ${nodes === undefined ? 'unknown: the API server does not answer' : `${nodes.ready} of ${nodes.total} Ready`}`,
    '',
    ...table,
    ...troubles,
  ].join('\n');
}

async function look(server: ServerState, directory: string, health: Health): Promise<ServerStatus> {
  const { name, port, pid, log } = server;
  const answer = belongsTo(pid, directory) ? await health.probe(server.health) : 'stopped';
  return { name, port, pid, health: answer, log };
}

/** What a kubeconfig of ours proves its user with. */
export async function readCredentials(kubeconfig: string): Promise<Credentials> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: [{ cluster: Record<string, string> }];
    users: [{ user: Record<string, string> }];
  };
  const text = (base64 = ''): string => Buffer.from(base64, 'base64').toString();
  return {
    ca: text(clusters[0].cluster['certificate-authority-data']),
    certificate: text(users[0].user['client-certificate-data']),
    key: text(users[0].user['client-key-data']),
  };
}
