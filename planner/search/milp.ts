import { Worker } from 'node:worker_threads';
import type { Evaluator } from '#world/evaluator.ts';
import { buildModel } from './milp-model.ts';

/** An exact answer, or the best known when the solver ran out of time. */
export interface Exact {
  readonly assign: Int32Array;
  /** The solver closed the gap: no placement is better. */
  readonly proven: boolean;
  /** Value of the objective, microseconds. */
  readonly latency: number;
}

/**
 * Minimises the mean latency exactly (mixed-integer program through HiGHS, in a worker), for placements whose edges reserve no
 * bandwidth: then transfer times do not depend on each other. Start placements bound the search: a host, or a pair of hosts,
 * that cannot be part of anything better is left out of the program.
 */
export async function solveExactly(
  evaluator: Evaluator,
  starts: readonly Int32Array[],
  timeLimitMs: number,
  fixed?: Int32Array,
): Promise<Exact> {
  const scored = starts.map((assign) => {
    evaluator.value(assign);
    return { assign, latency: evaluator.flow.latency, broken: evaluator.broken };
  });
  const [best] = scored.toSorted((a, b) => a.broken - b.broken || a.latency - b.latency);
  if (best === undefined) throw new Error('solveExactly needs at least one start placement');
  // A start that breaks a limit bounds nothing.
  const model = buildModel(evaluator, best.broken > 0 ? Infinity : best.latency, fixed);
  // A solver that dies (it has a small heap of its own) has proven nothing.
  const solution = await solveInWorker(model, timeLimitMs / 1000).catch(() => undefined);
  if (solution === undefined) return { assign: best.assign, latency: best.latency, proven: false };
  if (solution.status === 'Infeasible') return { assign: best.assign, latency: best.latency, proven: true };
  const assign = best.assign.slice();
  for (const [name, value] of Object.entries(solution.columns)) {
    const [, task, host] = /^x(\d+)_(\d+)$/.exec(name) ?? [];
    if (task !== undefined && value > 0.5) assign[Number(task)] = Number(host);
  }
  evaluator.value(assign);
  const { latency } = evaluator.flow;
  const proven = solution.status === 'Optimal';
  const { broken } = evaluator;
  const better = broken < best.broken || (broken === best.broken && latency < best.latency);
  return better ? { assign, proven, latency } : { assign: best.assign, latency: best.latency, proven };
}

interface Solution {
  readonly status: string;
  readonly columns: Readonly<Record<string, number>>;
}

/** HiGHS is WebAssembly with a small stack of its own and no way to interrupt it: it gets a thread to itself. */
function solveInWorker(text: string, timeLimitS: number): Promise<Solution> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./milp-worker.ts', import.meta.url), {
      workerData: { text, timeLimitS },
    });
    worker.once('message', (solution: Solution) => {
      resolve(solution);
      void worker.terminate();
    });
    worker.once('error', reject);
  });
}
