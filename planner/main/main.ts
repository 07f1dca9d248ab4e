import type { Log } from '#kube/log.ts';
import { silentLog } from '#kube/log.ts';
import type { MemorySettings } from './served-memory.ts';
import { startPlanner } from './server.ts';

/** How `edgeloom planner` runs. */
export interface RunPlannerOptions {
  readonly port: number;
  readonly signal: AbortSignal;
  readonly log?: Log | undefined;
  /** Memory of past deployments; none by default, and then nothing of it is loaded. */
  readonly memory?: MemorySettings | undefined;
}

/** Serves until the signal aborts. */
export async function runPlanner({ port, signal, log, memory }: RunPlannerOptions): Promise<void> {
  const served =
    memory === undefined
      ? undefined
      : (await import('./served-memory.ts')).serveMemory(memory, log ?? silentLog);
  const planner = await startPlanner({ port, log, memory: served });
  log?.info({ port: planner.port }, 'planner listens');
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await planner.close();
  await served?.close();
}
