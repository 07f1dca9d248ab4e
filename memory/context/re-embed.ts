import type { Encoder } from '#memory/encoders/encoder.ts';
import { queryVector } from '#memory/encoders/query.ts';
import type { Features } from '#memory/encoders/features/features.ts';
import type { Reembed } from '#memory/store/trace-store.ts';
import { featuresIn } from './codec.ts';
import { COLUMNS_DIGEST } from './context.ts';
import type { Context } from './context.ts';
import type { Contexts } from './contexts.ts';

/** A situation as a trace keeps it. */
export interface Looked {
  readonly vector: Float32Array;
  readonly context: Context;
}

/** The query vector of what the context keeps of the features, not of the features: embedded again, a trace gets the same numbers. */
export async function look(
  encoder: Encoder,
  contexts: Contexts,
  features: Features,
  { slice, policy }: { readonly slice: string; readonly policy: string },
): Promise<Looked> {
  const context = contexts.of(features);
  const { vector } = await encoder.encode(featuresIn(context));
  return { vector: queryVector(vector, slice, policy), context };
}

/** Embeds traces with an encoder from their contexts; those without one, or with one of other columns, cannot be. */
export const reembedWith =
  (encoder: Encoder): Reembed =>
  async ({ context, slice, policy }) => {
    if (context === undefined || context.columns !== COLUMNS_DIGEST) return undefined;
    const { vector } = await encoder.encode(featuresIn(context));
    return queryVector(vector, slice, policy);
  };
