import { join } from 'node:path';
import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import type { Executor, Program } from '#learning/executors/executor.ts';
import { add, mul, sigmoid } from '#learning/ir/elementwise.ts';
import { graphOf } from '#learning/ir/graph.ts';
import type { Graph } from '#learning/ir/graph.ts';
import { concat, slice } from '#learning/ir/layout.ts';
import { constantly } from '#learning/initialisers.ts';
import { ModelError, checkNumbers, digestOf } from '#learning/models/manifest.ts';
import { readModel } from '#learning/models/model.ts';
import type { StoredModel } from '#learning/models/model.ts';
import { readWeights } from '#learning/onnx/reader.ts';
import type { Weights } from '#learning/onnx/writer.ts';
import { Parameters } from '#learning/parameters.ts';
import { Random } from '#learning/random.ts';
import { COLUMNS } from './features/columns.ts';
import type { Features } from './features/features.ts';
import { bucketFor, bucketKey } from './network/buckets.ts';
import type { Bucket } from './network/buckets.ts';
import { ARCHITECTURE, DIMENSION, encoderNetwork, outcomeHeads } from './network/encoder-network.ts';
import { INPUT_OF, pack, rowsOf } from './network/pack.ts';
import type { Normalisers } from './network/pack.ts';
import type { Outcome } from './training/example.ts';

/** What an encoder says of a situation. */
export interface Encoded {
  /** z: 128 numbers, length 1. */
  readonly vector: Float32Array;
  /** What it expects to happen. */
  readonly outcome: Outcome;
}

/** Name of the model's files in its folder. */
export const ENCODER = 'encoder';

/** Folder of the encoder that comes with the program. */
export const SHIPPED = join(import.meta.dirname, 'models');

/** The encoder's graph for a batch: `z`, and `outcome` as log microseconds, violated share and busy share. */
export function encoderGraph(parameters: Parameters, batch: number, bucket: Bucket): Graph {
  const z = encoderNetwork(parameters, batch, bucket);
  const raw = outcomeHeads(parameters, z);
  const scaled = add(
    mul(raw, parameters.get('outcome/scale', [3], constantly(1))),
    parameters.get('outcome/mean', [3], constantly(0)),
  );
  const outcome = concat([slice(scaled, 1, 0, 1), sigmoid(slice(raw, 1, 1, 2)), slice(scaled, 1, 2, 3)], 1);
  return graphOf({ z, outcome });
}

/** Version of vectors made with these weights and normalisers, whatever their order: two encoders never share one. */
export function encoderVersion(weights: Weights, normalisers: Normalisers): string {
  const byName = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
    a[0] < b[0] ? -1 : 1;
  const parts = [
    [...weights].toSorted(byName).map(([name, values]) => [name, [...values]]),
    Object.entries(normalisers).toSorted(byName),
  ];
  return `${ARCHITECTURE}+${digestOf(new TextEncoder().encode(JSON.stringify(parts))).slice(0, 12)}`;
}

/** Turns situations into vectors whose nearness means like outcomes. */
export class Encoder {
  readonly version: string;
  readonly #weights: Weights;
  readonly #normalisers: Normalisers;
  readonly #executor: Executor;
  /** One compiled graph for each bucket that was met. */
  readonly #programs = new Map<string, Promise<Program>>();
  /** Programs are not reentrant: calls wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(weights: Weights, normalisers: Normalisers, executor: Executor = onnxruntime) {
    this.version = encoderVersion(weights, normalisers);
    this.#weights = weights;
    this.#normalisers = normalisers;
    this.#executor = executor;
  }

  /**
   * Opens a stored encoder. Throws `ModelError` when the files are missing, damaged, of another architecture or not of `version`.
   */
  static async open(folder: string, version?: string): Promise<Encoder> {
    return Encoder.of(await readModel(folder, ENCODER), version);
  }

  /** As `open`, from what was read. */
  static of({ manifest, bytes }: StoredModel, version?: string): Encoder {
    if (!manifest.version.startsWith(`${ARCHITECTURE}+`))
      throw new ModelError(
        `encoder ${manifest.version}: this program knows ${ARCHITECTURE} only; train it again with this program`,
      );
    const encoder = new Encoder(readWeights(bytes), normalisersIn({ manifest, bytes }));
    if (encoder.version !== manifest.version)
      throw new ModelError(
        `encoder ${manifest.version}: its weights and normalisers are those of ${encoder.version}; copy both files again`,
      );
    if (version !== undefined && version !== encoder.version)
      throw new ModelError(
        `encoder ${encoder.version}: version ${version} is wanted; vectors of two versions are never compared`,
      );
    return encoder;
  }

  /** The vector and the expectation. Throws `ModelError` for a feature that is no number, `RangeError` for too large a graph. */
  encode(features: Features): Promise<Encoded> {
    const turn = this.#turn.then(() => this.#encode(features));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #encode(features: Features): Promise<Encoded> {
    for (const [kind, of] of Object.entries(rowsOf)) {
      const values = of(features);
      checkNumbers(this.version, { name: kind, shape: [values.length], features: columnsOf(kind) }, values);
    }
    const bucket = bucketFor([features]);
    const key = bucketKey(bucket);
    let program = this.#programs.get(key);
    if (program === undefined) {
      const parameters = new Parameters(new Random(0), this.#weights);
      program = this.#executor.compile(encoderGraph(parameters, 1, bucket), this.#weights);
      this.#programs.set(key, program);
    }
    const { z, outcome } = await (await program).run(pack([features], bucket, this.#normalisers));
    const [logLatency = NaN, violated = NaN, utilisation = NaN] = outcome ?? [];
    checkNumbers(this.version, { name: 'z', shape: [DIMENSION] }, z);
    return {
      vector: z ?? new Float32Array(),
      outcome: { latencyMicros: Math.exp(logLatency), violated, utilisation },
    };
  }

  async close(): Promise<void> {
    await this.#turn;
    for (const program of this.#programs.values()) await (await program).close();
    this.#programs.clear();
  }
}

const columnsOf = (kind: string) =>
  COLUMNS[kind as keyof typeof COLUMNS].map((name) => ({ name, mean: 0, scale: 1 }));

/** Normalisers of a stored encoder. Throws `ModelError` when its columns are not those of this program. */
function normalisersIn({ manifest }: StoredModel): Normalisers {
  const found = Object.entries(INPUT_OF).map(([kind, name]) => {
    const features = manifest.inputs.find((port) => port.name === name)?.features ?? [];
    const names = features.map((f) => f.name).join(', ');
    const wanted = COLUMNS[kind as keyof typeof COLUMNS].join(', ');
    if (names !== wanted)
      throw new ModelError(
        `encoder ${manifest.version}: inputs.${name}: its columns are ${names || 'none'}; wanted are ${wanted}`,
      );
    return [kind, features] as const;
  });
  return Object.fromEntries(found) as unknown as Normalisers;
}
