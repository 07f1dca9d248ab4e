import type { Encoder } from '#memory/encoders/encoder.ts';
import type { Situation as Seen } from '#memory/encoders/features/features.ts';
import { retrieve } from '#memory/retrieval/retrieve.ts';
import type { Recollection } from '#memory/retrieval/retrieve.ts';
import type { Retrieved } from '#memory/retrieval/retrieved.ts';
import type { Situation } from '#memory/retrieval/situation.ts';
import type { TraceStore } from '#memory/store/trace-store.ts';
import { tenantOf } from '#memory/trace/deployment.ts';
import type { Evaluator } from '#world/evaluator.ts';
import type { Replicas } from '#world/service.ts';
import type { Recalled } from '../recall.ts';
import { greedyEft } from '../search/greedy.ts';
import type { Candidate } from '../sources.ts';
import { adapted } from './adapt.ts';
import type { Standing } from './adapt.ts';
import { situationOf } from './situation.ts';

/** Traces that a plan is given (κ). */
export const KAPPA = 8;
/** What a memory is asked on behalf of: the tenant of the DAG, unless another is named. */
export interface Question {
  readonly seen: Seen;
  readonly nowMs: number;
  readonly replicas?: Replicas | undefined;
  readonly tenant?: string | undefined;
  readonly count?: number | undefined;
}

/** What was asked and what the memory said. */
export interface Asked extends Recollection {
  readonly situation: Situation;
}

/**
 * Asks a memory about a DAG. Throws what the store and the encoder throw but for a memory that cannot be reached and a tenant it does
 * not know: then it says so in `without`.
 */
export async function ask(
  store: TraceStore,
  encoder: Encoder,
  { seen, nowMs, replicas, tenant = tenantOf(seen.dag), count = KAPPA }: Question,
): Promise<Asked> {
  const situation = await situationOf(encoder, seen, replicas, nowMs);
  const filter = { tenant, encoderVersion: encoder.version };
  return { situation, ...(await retrieve(store, situation, filter, count)) };
}

/**
 * What was retrieved, ready to be proposed: each placement adapted to the present machines, its holes filled greedily; each placement
 * once. Deterministic.
 */
export function recalledOf({ retrieved, situation, without }: Asked, encoderVersion: string): Recalled {
  return {
    encoderVersion,
    traces: retrieved.map(({ trace }) => trace.id),
    ...(without === undefined ? {} : { without }),
    candidates: (evaluator, fixed) => proposed(evaluator, retrieved, situation, fixed),
  };
}

function proposed(
  evaluator: Evaluator,
  retrieved: readonly Retrieved[],
  situation: Situation,
  fixed?: Int32Array,
): Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const one of retrieved) {
    const standing = standingOf(one, situation);
    if (standing.size === 0) continue;
    for (const seats of adapted(evaluator.instance, one.trace, standing, fixed)) {
      const assign = seats.includes(-1) ? greedyEft(evaluator, seats) : seats;
      const key = assign.join();
      // Of equal placements the one of the better trace counts.
      if (distinct.has(key)) continue;
      distinct.set(key, { method: 'memory', source: 'Memory', trace: one.trace.id, assign, repaired: false });
    }
  }
  return [...distinct.values()];
}

/** Which of the trace's services each of ours was matched to. */
function standingOf({ trace, composite }: Retrieved, { dag }: Situation): Standing {
  return new Map(
    dag.services.flatMap(({ name }, i): [string, string][] => {
      const other = trace.dag.services[composite.match.mapped[i] ?? -1];
      return other === undefined ? [] : [[name, other.name]];
    }),
  );
}
