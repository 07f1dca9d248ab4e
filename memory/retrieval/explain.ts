import type { Ranked } from './retrieved.ts';
import type { Situation } from './situation.ts';

const HOUR_MS = 3_600_000;
const two = (x: number): string => x.toFixed(2);

/** Why a trace was retrieved: one sentence for each step, with its numbers. */
export function explain(found: Ranked, situation: Situation): string[] {
  const { trace, composite, kept, relevance } = found;
  const matched = composite.match.mapped.filter((j) => j >= 0).length;
  const hours = Math.max(0, situation.nowMs - trace.createdMs) / HOUR_MS;
  return [
    `DAG ${two(composite.dag)}: ${matched} of ${situation.dag.services.length} services match, edit distance ${two(composite.match.distance)}`,
    `placement ${two(composite.placement)}: its machines, as far as they are there and have room`,
    `query vector ${two(composite.vector)}: cosine of what was seen then and now`,
    `load ${two(composite.load)}: the less over the more of the requests per second then and now`,
    `latency limit ${two(composite.limit)}: the less over the more of both`,
    situation.expected === undefined
      ? 'expectation: nothing runs yet that the world model could judge'
      : `expectation: utility ${two(composite.utility)}, latency ${two(composite.latency)}, busy share ${two(composite.busy)}: what the world model said of it then and says of what runs now`,
    `metric ${two(composite.metric)}: the vectors in the directions that outcomes follow`,
    `pruning keeps ${two(kept)} of it, at an age of ${hours.toFixed(1)} h`,
    `relevance ${two(relevance)} after message passing`,
    `it reached a utility of ${two(trace.realisedUtility)} (predicted ${two(trace.predictedUtility)})`,
  ];
}
