import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CLUSTERS } from './paths.ts';
import type { ServerName } from './servers.ts';

/** A server as it is written down for other processes. */
export interface ServerState {
  readonly name: ServerName;
  readonly pid: number;
  readonly port: number;
  readonly health: string;
  readonly log: string;
}

/** What a cluster's folder says about it, in `state.json`. */
export interface ClusterState {
  readonly name: string;
  /** The process that ends the servers; a detached one waits for SIGTERM. */
  readonly owner: { readonly pid: number; readonly detached: boolean };
  readonly server: string;
  readonly kubeconfig: string;
  readonly servers: readonly ServerState[];
}

const FILE = 'state.json';
const NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** The folder of a cluster; refuses names that are no plain word. */
export function directoryOf(name: string, directory?: string): string {
  if (!NAME.test(name)) {
    throw new Error(
      `"${name}" cannot name a cluster: use up to 40 small letters, digits and dashes, such as "demo-2"`,
    );
  }
  return resolve(directory ?? join(CLUSTERS, name));
}

/** What is written about a cluster, or undefined when there is none. */
export async function readState(directory: string): Promise<ClusterState | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, FILE), 'utf8')) as ClusterState;
  } catch {
    return undefined;
  }
}

/** Writes it in one step, so that a reader never sees half of it. */
export async function writeState(directory: string, state: ClusterState): Promise<void> {
  const file = join(directory, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** The servers of a cluster that still run. */
export function runningServers(directory: string, state: ClusterState): ServerState[] {
  return state.servers.filter(({ pid }) => belongsTo(pid, directory));
}

/** Makes an empty folder for a new cluster; refuses when one runs there, or when other things are in it. */
export async function claim(name: string, directory: string): Promise<void> {
  const state = await readState(directory);
  if (state !== undefined && runningServers(directory, state).length > 0) {
    throw new Error(
      `cluster "${name}" already runs (process ${state.owner.pid} owns it, in ${directory}); ` +
        `see it with: edgeloom cluster status --name ${name}; stop it with: edgeloom cluster down --name ${name}`,
    );
  }
  const foreign = state === undefined && existsSync(directory) && !(await looksLikeOurs(directory));
  if (foreign) throw new Error(`${directory} holds files that are not a cluster's; name another folder`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(join(directory, 'logs'), { recursive: true });
}

async function looksLikeOurs(directory: string): Promise<boolean> {
  const ours = new Set(['logs', 'pki', 'options.json']); // what a start leaves that was cut off early
  return (await readdir(directory)).every((entry) => ours.has(entry));
}

/** Whether a process runs whose command line names this folder; a pid alone may have been given to another. */
export function belongsTo(pid: number, directory: string): boolean {
  return commandOf(pid).includes(`${directory}/`);
}

function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
