import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { checkedVector } from '#memory/trace/vector.ts';
import { OtherEncoder } from './errors.ts';
import { MOST_HITS } from './trace-store.ts';
import type { Reembed } from './trace-store.ts';

/** What a store is made for. */
export interface Space {
  readonly dimension: number;
  readonly encoderVersion: string;
}

/** The traces with vectors of this space: those of another encoder are embedded again, or refused. Throws before any is written. */
export async function admitted(
  traces: readonly Trace[],
  space: Space,
  reembed: Reembed | undefined,
): Promise<{ traces: Trace[]; reembedded: number }> {
  const fit: Trace[] = [];
  let reembedded = 0;
  for (const trace of traces) {
    if (trace.encoderVersion === space.encoderVersion) {
      fit.push({ ...trace, vector: checkedVector(trace.vector, space.dimension) });
      continue;
    }
    const anew = await reembed?.(trace);
    if (anew === undefined)
      throw new OtherEncoder(`trace ${trace.id}`, trace.encoderVersion, space.encoderVersion);
    const vector = checkedVector(anew, space.dimension);
    fit.push({ ...trace, vector, encoderVersion: space.encoderVersion });
    reembedded++;
  }
  return { traces: fit, reembedded };
}

/** A query's vector, checked against the space. */
export function checkedQuery(
  vector: ArrayLike<number>,
  k: number,
  encoderVersion: string,
  space: Space,
): Float32Array {
  if (encoderVersion !== space.encoderVersion)
    throw new OtherEncoder('the query', encoderVersion, space.encoderVersion);
  if (!Number.isInteger(k) || k < 1 || k > MOST_HITS)
    throw new RefusedTrace('k', `${k} traces asked for`, `ask for 1 to ${MOST_HITS}`);
  return checkedVector(vector, space.dimension);
}

/** A vector of the space for a trace of another encoder; undefined when it does not say enough, or what it says cannot be read: others go on. */
export async function embeddedAgain(
  trace: Trace,
  reembed: Reembed,
  dimension: number,
): Promise<Float32Array | undefined> {
  try {
    const vector = await reembed(trace);
    return vector === undefined ? undefined : checkedVector(vector, dimension);
  } catch (error) {
    if (error instanceof Error && (error.name === 'RefusedTrace' || error instanceof RangeError))
      return undefined;
    throw error;
  }
}
