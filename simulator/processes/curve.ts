import { durationMicros } from '#crds/quantity.ts';
import type { Table } from './steps.ts';

/** A moment of a curve and the factor there. */
export interface CurvePoint {
  readonly atMicros: number;
  readonly factor: number;
}

/** Pieces into which a whole period is cut at most; between two points the curve is a straight line. */
const PIECES = 288;

/**
 * Straight lines through points, round again after `period`, as steps that keep the mean of every piece. Two points at the same
 * moment are a jump. With `normalise` the mean over the period is 1.
 */
export function curveThrough(points: readonly CurvePoint[], period: number, normalise: boolean): Table {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return { starts: [0], values: [1], period };
  const closed: CurvePoint[] = [...points, { atMicros: first.atMicros + period, factor: first.factor }];
  const starts: number[] = [];
  const values: number[] = [];
  for (const [i, from] of points.entries()) {
    const to = closed[i + 1] ?? from;
    const length = to.atMicros - from.atMicros;
    if (length === 0) continue;
    const pieces = from.factor === to.factor ? 1 : Math.min(length, Math.ceil((length * PIECES) / period));
    for (let k = 0; k < pieces; k++) {
      starts.push(from.atMicros - first.atMicros + Math.floor((k * length) / pieces));
      values.push(from.factor + ((k + 0.5) / pieces) * (to.factor - from.factor));
    }
  }
  const table = { starts, values, period, offset: period - first.atMicros };
  return normalise ? withMeanOne(table) : table;
}

/** The table scaled so that its mean over one period is 1. */
export function withMeanOne(table: Table): Table {
  const { starts, values, period } = table;
  let area = 0;
  for (let i = 0; i < starts.length; i++)
    area += (values[i] ?? 0) * ((starts[i + 1] ?? period) - (starts[i] ?? 0));
  const scale = period / area;
  return { ...table, values: Float64Array.from(values, (value) => value * scale) };
}

const HOUR = 3_600_000_000;

/**
 * Demand by hour of the day: an assumed shape with a trough at 04:00 and a peak at 20:00 that is about twenty times as high, the
 * span the paper gives for a day ("urban peaks of 150-400 req/s and off-peak loads of 10-15 req/s").
 */
const HOURS = [5, 3, 2, 1.6, 1.5, 2, 4, 8, 12, 14, 15, 16, 18, 17, 16, 16, 17, 20, 24, 28, 30, 27, 19, 10];

/** A day, from the time of day `start`. */
export function daily(start: string): Table {
  const points = HOURS.map((factor, hour) => ({ atMicros: hour * HOUR, factor }));
  const day = curveThrough(points, 24 * HOUR, true);
  return { ...day, offset: durationMicros(start) % (24 * HOUR) };
}

const MINUTE = 60_000_000;

/** Counts per minute as a factor of mean 1, round again; `undefined` when all of them are 0. */
export function minutes(counts: ArrayLike<number>): Table | undefined {
  const values = Float64Array.from(counts);
  if (!values.some((count) => count > 0)) return undefined;
  const starts = Float64Array.from(values, (_, i) => i * MINUTE);
  return withMeanOne({ starts, values, period: values.length * MINUTE });
}
