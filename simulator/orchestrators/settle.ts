import type { Instance } from '#world/instance.ts';
import type { Judgement } from '#world/judge.ts';
import type { Placement } from '../orchestrator.ts';
import { runnable } from './best-effort.ts';
import { routeFractions } from './fractions.ts';
import { serveOf } from './replicas.ts';
import type { Counts } from '#world/scaling.ts';
import type { Standing } from './standing.ts';

/** A placement of an instance's tasks and what the world model says of it. */
export interface Found {
  readonly assign: Int32Array;
  readonly judgement: Judgement;
}

/**
 * What becomes of a placement that was found (or of none): the replicas that can run, with the routes of a feasible one. `cost` is
 * the least J before; calls are steered as was decided when the placement runs as it was found.
 */
export function settled(
  instance: Instance,
  wanted: Counts,
  found: Found | undefined,
  cost: number,
): { standing: Standing; placement: Placement } {
  const { key, snapshot } = instance;
  const replicas = runnable(instance, found?.assign);
  const standing = {
    replicas,
    wanted,
    routes: found?.judgement.feasible === true ? found.judgement.routes : [],
    serve: serveOf(instance, found?.assign),
    cost: Math.min(cost, found?.judgement.cost ?? Infinity),
  };
  const whole =
    found?.assign.length === replicas.length &&
    replicas.every(({ node }, task) => snapshot.hosts[found.assign[task] ?? -1]?.name === node);
  const fractions = found?.judgement.fractions;
  const routes = whole && fractions !== undefined ? routeFractions(instance, found.assign, fractions) : [];
  return { standing, placement: { dag: key, replicas, ...(routes.length === 0 ? {} : { routes }) } };
}
