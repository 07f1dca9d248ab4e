import { COLUMNS } from '../features/columns.ts';
import type { Features } from '../features/features.ts';
import type { Encoded } from '../encoder.ts';
import { outcomeRow } from './example.ts';
import type { Example, OutcomeScale } from './example.ts';
import { fitRidge } from './ridge.ts';

/** Root mean squared errors of log latency, violated share and busy share. */
export type Errors = readonly [number, number, number];

/** How well outcomes of held-out cities are foretold, by whom. */
export interface Quality {
  readonly examples: number;
  /** The encoder's heads. */
  readonly encoder: Errors;
  /** The mean outcome of the training examples. */
  readonly mean: Errors;
  /** Ridge regression on pooled features. */
  readonly linear: Errors;
  /** The last period goes on; over the examples that have telemetry and completed requests in it. */
  readonly persistence: Errors;
  /** Mean outcome of the eight training examples nearest by z, nearest by pooled features, and drawn at random. */
  readonly nearestByVector: Errors;
  readonly nearestByPooled: Errors;
  readonly random: Errors;
}

const NEAREST = 8;

/** Fixed-length summary of features: the request, means over each graph and its edges, the last sample. */
export function pooled(features: Features): number[] {
  const mean = (values: Float32Array, width: number): number[] => {
    const rows = values.length / width;
    return Array.from({ length: width }, (_, c) => {
      let total = 0;
      for (let r = 0; r < rows; r++) total += values[r * width + c] ?? 0;
      return rows === 0 ? 0 : total / rows;
    });
  };
  const width = COLUMNS.telemetry.length;
  const last = features.telemetry.slice(-width);
  return [
    ...features.request,
    ...mean(features.services.nodes, COLUMNS.services.length),
    ...mean(features.services.edges, COLUMNS.calls.length),
    ...mean(features.topology.nodes, COLUMNS.vertices.length),
    ...mean(features.topology.edges, COLUMNS.arcs.length),
    ...(last.length === 0 ? Array.from({ length: width }, () => 0) : last),
    last.length === 0 ? 0 : 1,
  ];
}

/** Compares the encoder with simple forecasts on examples it has not seen. `draw` gives whole numbers below its argument. */
export function qualityOf(
  train: readonly Example[],
  trainEncoded: readonly Encoded[],
  test: readonly Example[],
  testEncoded: readonly Encoded[],
  { mean }: OutcomeScale,
  draw: (below: number) => number,
): Quality {
  const rows = train.map((e) => outcomeRow(e.outcome));
  const wanted = test.map((e) => outcomeRow(e.outcome));
  const inputs = train.map((e) => pooled(e.features));
  const asked = test.map((e) => pooled(e.features));
  const ridge = fitRidge(inputs, rows);
  const average = (chosen: readonly number[]): number[] =>
    [0, 1, 2].map((c) => chosen.reduce((t, i) => t + (rows[i]?.[c] ?? 0), 0) / chosen.length);
  const standard = standardiser(inputs);
  const near = (vectors: readonly ArrayLike<number>[], query: ArrayLike<number>): number[] =>
    average(nearest(vectors, query, NEAREST));
  const vectors = trainEncoded.map((e) => e.vector);
  const standardised = inputs.map(standard);
  const width = COLUMNS.telemetry.length;
  const heard = test.flatMap((e, i) => ((e.features.telemetry.at(-width + 3) ?? 0) > 0 ? [i] : []));
  const persisted = heard.map((i) => {
    const last = test[i]?.features.telemetry.slice(-width) ?? [];
    // The log latency of the telemetry is log(1 + µs): the same to six digits.
    return [last[3] ?? 0, last[2] ?? 0, last[5] ?? 0];
  });
  const chosen = <T>(list: readonly T[]): T[] => heard.map((i) => list[i] as T);
  return {
    examples: test.length,
    encoder: errors(
      testEncoded.map((e) => outcomeRow(e.outcome)),
      wanted,
    ),
    mean: errors(
      test.map(() => [...mean]),
      wanted,
    ),
    linear: errors(asked.map(ridge), wanted),
    persistence: errors(persisted, chosen(wanted)),
    nearestByVector: errors(
      testEncoded.map((e) => near(vectors, e.vector)),
      wanted,
    ),
    nearestByPooled: errors(
      asked.map((row) => near(standardised, standard(row))),
      wanted,
    ),
    random: errors(
      test.map(() => average(Array.from({ length: NEAREST }, () => draw(train.length)))),
      wanted,
    ),
  };

  function errors(found: readonly (readonly number[])[], right: readonly (readonly number[])[]): Errors {
    const rms = (c: number): number =>
      Math.sqrt(
        found.reduce((t, row, i) => t + ((row[c] ?? 0) - (right[i]?.[c] ?? 0)) ** 2, 0) / found.length,
      );
    return [rms(0), rms(1), rms(2)];
  }
}

function standardiser(rows: readonly (readonly number[])[]): (row: readonly number[]) => number[] {
  const columns = rows[0]?.length ?? 0;
  const mean = Array.from(
    { length: columns },
    (_, c) => rows.reduce((t, r) => t + (r[c] ?? 0), 0) / rows.length,
  );
  const scale = mean.map(
    (m, c) => Math.sqrt(rows.reduce((t, r) => t + ((r[c] ?? 0) - m) ** 2, 0) / rows.length) || 1,
  );
  return (row) => row.map((x, c) => (x - (mean[c] ?? 0)) / (scale[c] ?? 1));
}

/** Indices of the vectors of the greatest cosine with the query. */
function nearest(vectors: readonly ArrayLike<number>[], query: ArrayLike<number>, count: number): number[] {
  const cosine = vectors.map((vector) => {
    let [dot, a, b] = [0, 0, 0];
    for (let i = 0; i < query.length; i++) {
      const [x, y] = [vector[i] ?? 0, query[i] ?? 0];
      dot += x * y;
      a += x * x;
      b += y * y;
    }
    return dot / Math.sqrt(a * b + 1e-30);
  });
  const best: number[] = [];
  for (const [i, value] of cosine.entries()) {
    if (best.length === count && value <= (cosine[best.at(-1) ?? 0] ?? 0)) continue;
    const at = best.findIndex((j) => (cosine[j] ?? 0) < value);
    best.splice(at < 0 ? best.length : at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}
