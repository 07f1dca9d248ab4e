import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ModelError } from '#learning/models/manifest.ts';
import { PARTS } from './composite.ts';
import type { Part } from './composite.ts';
import { METRIC_ROWS } from './metric.ts';
import { EDGE_INPUTS, NODE_INPUTS } from './prune.ts';
import type { RankingModel } from './ranking-model.ts';
import { NODE_WIDTH } from './trace-graph.ts';

/** Name of the file in its folder. */
export const RANKING_FILE = 'ranking.json';

const numbers = z.array(z.number()).readonly();
const part = z.strictObject({ weight: z.number().min(0).max(1), power: z.number().positive() });
const network = (inputs: number) =>
  z
    .strictObject({
      inputs: z.literal(inputs, { error: `this program's networks have ${inputs} inputs` }),
      first: numbers,
      firstBias: numbers,
      second: numbers,
      secondBias: z.number(),
    })
    .refine(
      ({ first, firstBias, second }) =>
        firstBias.length === second.length && first.length === second.length * inputs,
      { error: 'its layers do not fit together' },
    );

const schema = z.strictObject({
  format: z.literal(2),
  version: z.string().min(1),
  /** Vectors that it was trained on: those of another encoder are ranked by the set weights. */
  encoderVersion: z.string().min(1),
  seed: z.int(),
  /** What it was trained on; the digest is over the examples. */
  data: z.strictObject({
    source: z.string().min(1),
    examples: z.int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hexadecimal'),
  }),
  /** Of the weights as JSON. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hexadecimal'),
  weights: z.strictObject({
    composite: z.strictObject(
      Object.fromEntries(PARTS.map((name) => [name, part])) as Record<Part, typeof part>,
    ),
    pruning: z.strictObject({ node: network(NODE_INPUTS), edge: network(EDGE_INPUTS) }),
    relevance: z.number().min(0).max(1),
    temperature: z.number().positive(),
    projection: numbers.refine((list) => list.length > 0 && list.length % NODE_WIDTH === 0, {
      error: `must be ${NODE_WIDTH} rows`,
    }),
    metric: numbers.refine((list) => list.length > 0 && list.length % METRIC_ROWS === 0, {
      error: `must be ${METRIC_ROWS} rows`,
    }),
  }),
});

/** Trained weights of ranking with where they come from. */
export type RankingFile = z.infer<typeof schema>;

/** SHA-256 of the weights as JSON. */
export const digestOfWeights = (weights: RankingFile['weights']): string =>
  createHash('sha256')
    .update(JSON.stringify(schema.shape.weights.parse(weights)))
    .digest('hex');

/** Reads `ranking.json` of a folder. Throws `ModelError` with file, field and fault. */
export function readRanking(folder: string): RankingFile {
  const path = join(folder, RANKING_FILE);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ModelError(`${path}: cannot be read, or is no JSON: train it again`, { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new ModelError(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}; train it again`);
  }
  if (digestOfWeights(result.data.weights) !== result.data.sha256)
    throw new ModelError(`${path}: sha256: the weights were changed; copy the file again, or train it`);
  return result.data;
}

/** The weights as ranking takes them. */
export function modelOf({ weights: { projection, metric, ...rest } }: RankingFile): RankingModel {
  return { ...rest, projection: Float32Array.from(projection), metric: Float32Array.from(metric) };
}
