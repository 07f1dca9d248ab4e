import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureServers } from './build.ts';
import type { ClusterOptions } from './cluster.ts';
import { belongsTo, directoryOf, readState, runningServers } from './state.ts';
import type { SupervisorMessage } from './supervisor.ts';

const SUPERVISOR = fileURLToPath(new URL('./supervisor.ts', import.meta.url));
const STOP_TIMEOUT_MS = 15_000;

/** Options that can travel to another process. */
export type DetachedOptions = Omit<ClusterOptions, 'onProgress' | 'onServerExit' | 'detached'>;

/** Starts a cluster that outlives this process, until `stopDetached`; returns its kubeconfig's path. */
export async function startDetached(
  options: DetachedOptions,
  progress: (message: string) => void,
): Promise<string> {
  await ensureServers(progress); // here, so that Ctrl-C ends a build too
  const directory = directoryOf(options.name, options.directory);
  const child = spawn(process.execPath, [SUPERVISOR, join(directory, 'state.json')], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(
        new Error(`the supervisor of cluster "${options.name}" ended with ${signal ?? `exit code ${code}`}`),
      );
    });
    child.on('message', (said) => {
      const message = said as SupervisorMessage;
      if (message.kind === 'progress') return progress(message.message);
      child.unref();
      if (message.kind === 'failed') return reject(new Error(message.message));
      resolve(message.kubeconfig);
    });
    child.send(options);
  });
}

/** Stops a cluster, whoever owns it, and removes its folder; false when there was none. */
export async function stopDetached(name: string, folder?: string): Promise<boolean> {
  const directory = directoryOf(name, folder);
  const state = await readState(directory);
  if (state === undefined) return false;
  const ran = runningServers(directory, state).length > 0;
  const { pid, detached } = state.owner;
  if (detached && belongsTo(pid, directory)) {
    process.kill(pid, 'SIGTERM');
    await until(() => !belongsTo(pid, directory));
  }
  for (const server of runningServers(directory, state)) process.kill(server.pid, 'SIGKILL');
  await until(() => runningServers(directory, state).length === 0);
  const left = runningServers(directory, state);
  if (left.length > 0) {
    const which = left.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
    throw new Error(
      `cluster "${name}" did not stop: ${which} still runs; end it with: kill -9 ${left.map(({ pid }) => pid).join(' ')}`,
    );
  }
  await rm(directory, { recursive: true, force: true });
  return ran;
}

async function until(done: () => boolean): Promise<void> {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (!done() && performance.now() < deadline) await sleep(50);
}
