import { createHash } from 'node:crypto';
import { z } from 'zod';
import { show, sizeOf } from '../ir/shape.ts';

/** A model that cannot be used: the message names the file, the field and what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

const shape = z.array(z.int().positive());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hexadecimal');

const feature = z.strictObject({
  name: z.string().min(1),
  /** The input to the model is (x - mean) / scale, held within ±`CLIP`. */
  mean: z.number(),
  scale: z.number().positive(),
});

const inputPort = z.strictObject({
  name: z.string().min(1),
  shape,
  /** What the columns of the last axis mean, in order; absent for masks and indices, which are fed as they are. */
  features: z.array(feature).optional(),
});

const schema = z.strictObject({
  format: z.literal(1),
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'is no plain name'),
  /** What tells this model's answers from another's: vectors of two versions are never compared. */
  version: z.string().min(1),
  /** Beside the manifest. */
  file: z.string().regex(/^[a-z0-9][a-z0-9.-]*\.onnx$/, 'is no plain file name ending in .onnx'),
  sha256,
  opset: z.int().positive(),
  inputs: z.array(inputPort).min(1),
  outputs: z.array(z.strictObject({ name: z.string().min(1), shape })).min(1),
  seed: z.int(),
  /** What it was trained on; the digest is over the examples. */
  data: z.strictObject({ source: z.string().min(1), examples: z.int().nonnegative(), sha256 }),
  /** Figures measured on examples held out from training. */
  quality: z.record(z.string(), z.number()),
});

/** What a model is, beside its weights. */
export type Manifest = z.infer<typeof schema>;
/** A column of an input, and how it is normalised. */
export type Feature = z.infer<typeof feature>;

/** Reads a manifest's text. Throws `ModelError` naming the file, the field and the fault. */
export function parseManifest(text: string, file: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`${file}: is no JSON: it was cut or edited; write the model again`, { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new ModelError(
      `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}; write the model again`,
    );
  }
  for (const { name, shape: sizes, features } of result.data.inputs) {
    if (features !== undefined && features.length !== sizes.at(-1))
      throw new ModelError(
        `${file}: inputs.${name}: ${features.length} features for the last axis of ${show(sizes)}; write the model again`,
      );
  }
  return result.data;
}

/** SHA-256 in hexadecimal. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Standard deviations beyond which a normalised feature is cut: one wild measurement must not drown the rest. */
export const CLIP = 8;

/** Raw features (row major, `features.length` to a row) as the model wants them. */
export function normalise(values: ArrayLike<number>, features: readonly Feature[]): Float32Array {
  return Float32Array.from(values, (value, i) => {
    const { mean, scale } = features[i % features.length] ?? { mean: 0, scale: 1 };
    return Math.min(CLIP, Math.max(-CLIP, (value - mean) / scale));
  });
}

/** Mean and deviation of each column over the rows that `counts` (all by default); a column that never varies gets scale 1. */
export function fitFeatures(
  names: readonly string[],
  values: ArrayLike<number>,
  counts: (row: number) => boolean = () => true,
): Feature[] {
  const rows = Math.floor(values.length / names.length);
  return names.map((name, column) => {
    let [count, total, squares] = [0, 0, 0];
    for (let r = 0; r < rows; r++) {
      if (!counts(r)) continue;
      count++;
      total += values[r * names.length + column] ?? 0;
    }
    const mean = count === 0 ? 0 : total / count;
    for (let r = 0; r < rows; r++) {
      const apart = (values[r * names.length + column] ?? 0) - mean;
      if (counts(r)) squares += apart * apart;
    }
    const scale = Math.sqrt(squares / Math.max(count, 1));
    return { name, mean, scale: scale > 1e-9 ? scale : 1 };
  });
}

/** Throws `ModelError` when an array has the wrong length or holds what is no number; names the column where it can. */
export function checkNumbers(
  model: string,
  port: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly features?: readonly Feature[] | undefined;
  },
  values: Float32Array | undefined,
): void {
  const wanted = sizeOf(port.shape);
  if (values?.length !== wanted)
    throw new ModelError(
      `model ${model}: "${port.name}" has ${values?.length ?? 0} numbers; ${show(port.shape)} wants ${wanted}`,
    );
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const column = port.features?.[bad % port.features.length]?.name;
  const where = column === undefined ? `${port.name}[${bad}]` : `${port.name}[${bad}] (${column})`;
  throw new ModelError(`model ${model}: ${where} is ${values[bad]}: no finite number`);
}
