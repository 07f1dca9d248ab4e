import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster, type ClusterOptions } from './cluster.ts';
import type { LocalCluster } from './local-cluster.ts';

/** What the supervisor tells the command that started it. */
export type SupervisorMessage =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'ready'; readonly kubeconfig: string }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * The process behind `edgeloom cluster up`: it owns a cluster's servers until SIGTERM. Its
 * options arrive as one message; until it has said "ready", it ends with the command that started
 * it. The folder in its command line is how `down` knows it from a process that got its number later.
 */
async function supervise(options: ClusterOptions): Promise<void> {
  let cluster: LocalCluster | undefined;
  const log = (message: string): void => {
    const line = `${new Date().toISOString()} ${message}\n`;
    if (cluster !== undefined) appendFileSync(join(cluster.directory, 'logs/supervisor.log'), line);
  };
  const stop = async (): Promise<void> => {
    await cluster?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void stop());
  const abandoned = (): never => process.exit(1);
  process.once('disconnect', abandoned);
  try {
    const onProgress = (message: string): void => tell({ kind: 'progress', message });
    cluster = await startCluster({ ...options, detached: true, onProgress, onServerExit: log });
    process.off('disconnect', abandoned);
    log(`ready, ${cluster.servers().length} servers`);
    tell({ kind: 'ready', kubeconfig: cluster.kubeconfig });
    process.disconnect?.();
    setInterval(() => undefined, 2 ** 30); // stays until a signal comes
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.off('disconnect', abandoned);
    process.disconnect?.();
    process.exitCode = 1;
  }
}

function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message);
}

process.once('message', (options) => void supervise(options as ClusterOptions));
