import type { Log } from '#kube/log.ts';
import { startPlanner } from './server.ts';

/** How `edgeloom planner` runs. */
export interface RunPlannerOptions {
  readonly port: number;
  readonly signal: AbortSignal;
  readonly log?: Log | undefined;
}

/** Serves until the signal aborts. */
export async function runPlanner({ port, signal, log }: RunPlannerOptions): Promise<void> {
  const planner = await startPlanner({ port, log });
  log?.info({ port: planner.port }, 'planner listens');
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await planner.close();
}
