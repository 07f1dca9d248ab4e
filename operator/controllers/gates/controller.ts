import { ApiError } from '#kube/api-error.ts';
import type { ReconcileContext } from '#kube/controller.ts';
import type { EventRecorder } from '#kube/events.ts';
import { POD } from '#kube/kinds.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Transport } from '#kube/transport.ts';
import { BY_DAG, dagKeyOf } from '../../caches.ts';
import type { Caches } from '../../caches.ts';
import type { OperatorMetrics } from '../../metrics.ts';
import { movesOf } from '../../moves.ts';
import type { World } from '../../world.ts';
import { decideGate } from './decide.ts';

/** What the reaper works with. */
export interface GateShell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
  readonly nowMs: () => number;
}

/** The gate reaper: no pod waits for ever because its agent is away. */
export class GateController {
  readonly #shell: GateShell;

  constructor(shell: GateShell) {
    this.#shell = shell;
  }

  /** Looks at one pod; comes back when its time is up. */
  async reconcile(key: string, { signal, log }: ReconcileContext): Promise<void> {
    const { transport, caches, world, events, metrics, nowMs } = this.#shell;
    const pod = caches.pods.get(key);
    const [dagKey] = pod === undefined ? [] : dagKeyOf(pod);
    if (pod === undefined || dagKey === undefined) return;
    const dag = world.dag(dagKey);
    const plan = dag === undefined ? undefined : world.planFor(dag);
    const moves = plan === undefined ? [] : movesOf(plan, caches.pods.by(BY_DAG, dagKey));
    const decision = decideGate(pod, dag, plan, moves, nowMs());
    if (decision.kind === 'leave') return;
    if (decision.kind === 'wait')
      throw new Waiting('GateWaits', Math.min(decision.afterMs, 60_000), `${key} waits for its agent`);
    try {
      await transport.patchJson(POD, pod.metadata.name, pod.metadata.namespace, decision.patch, {
        signal,
      });
    } catch (error) {
      // 422: a test failed, so an agent was faster; 404: the pod is gone.
      if (error instanceof ApiError && (error.code === 404 || error.code === 422)) return;
      throw error;
    }
    metrics.released(Math.max(0, nowMs() - Date.parse(pod.metadata.creationTimestamp ?? '')) / 1000);
    log.info({ pod: key }, 'released to the scheduler');
    events.record(pod, {
      type: 'Warning',
      reason: 'Released',
      message: 'no agent decided in time: the scheduler chooses, with the plan as preference',
      action: 'Release',
    });
  }
}
