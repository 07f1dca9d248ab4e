import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Below this a deployment has failed, by how much is chance: J is infinite for a queue without end, and no report is. */
const LEAST_UTILITY = -1;

/** A utility as the guard compares it. */
export const bounded = (utility: number): number => Math.max(LEAST_UTILITY, utility);

/** Utilities that the world model expects, by which its errors differ: from failing through overload to ease. */
const EDGES = [-0.999, -0.5, -0.2, 0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45];
/** Nothing nearer to the expectation than this is doubted. */
const LEAST_LIMIT = 0.05;

const limits = z.strictObject({
  /** Share of honest reports that lies beyond each limit. */
  beyond: z.number(),
  /** Expected utilities at which a class of situation ends. */
  edges: z.array(z.number()),
  /** How far below and above the expectation an outcome may be, for each class. */
  classes: z.array(z.strictObject({ below: z.number(), above: z.number(), reports: z.number() })),
  /** Median of the scores' sizes, of the stream in which it is largest. */
  typical: z.number(),
  data: z.string(),
});

/** How far honest outcomes are from what the world model expects, by class of situation. */
export type Limits = z.output<typeof limits>;

/** An honest report: what was expected and what came, as utilities. */
export interface Known {
  readonly expected: number;
  readonly realised: number;
}

/**
 * Conformal limits: of each class of situation and each side the quantile of honest errors, rounded up so that of new honest reports
 * from the same cities at most a share of `beyond` lies outside (split conformal prediction; Vovk et al. 2005). Throws `RangeError`
 * when a class has no report.
 */
export function fitLimits(streams: readonly (readonly Known[])[], beyond: number, data: string): Limits {
  const errors: number[][] = Array.from({ length: EDGES.length + 1 }, () => []);
  for (const { expected, realised } of streams.flat())
    errors[classOf(EDGES, expected)]?.push(bounded(realised) - bounded(expected));
  const classes = errors.map((list, c) => {
    if (list.length === 0) throw new RangeError(`class ${c}: no report; simulate more days`);
    return {
      below: rounded(
        Math.max(
          LEAST_LIMIT,
          quantile(
            list.map((e) => -e),
            1 - beyond,
          ),
        ),
      ),
      above: rounded(Math.max(LEAST_LIMIT, quantile(list, 1 - beyond))),
      reports: list.length,
    };
  });
  const fitted = { beyond, edges: EDGES, classes, typical: 1, data };
  const typical = Math.max(
    ...streams.map((stream) =>
      quantile(
        stream.map((known) => Math.abs(scoreOf(fitted, known))),
        0.5,
      ),
    ),
  );
  return { ...fitted, typical: rounded(typical) };
}

/** Error in parts of what its class allows on its side: 1 is the limit, above 0 is better than expected. */
export function scoreOf({ edges, classes }: Limits, { expected, realised }: Known): number {
  const of = classes[classOf(edges, expected)];
  const error = bounded(realised) - bounded(expected);
  return error / (error < 0 ? (of?.below ?? LEAST_LIMIT) : (of?.above ?? LEAST_LIMIT));
}

/** Limits of a file. Throws `Error` when it is none. */
export function readLimits(path: string): Limits {
  return limits.parse(JSON.parse(readFileSync(path, 'utf8')));
}

let shipped: Limits | undefined;

/** The limits that come with the program (`edgeloom train guard`). */
export function shippedLimits(): Limits {
  shipped ??= readLimits(join(import.meta.dirname, 'models/limits.json'));
  return shipped;
}

const classOf = (edges: readonly number[], expected: number): number =>
  edges.findLastIndex((edge) => bounded(expected) >= edge) + 1;

const rounded = (x: number): number => Math.ceil(x * 10_000) / 10_000;

/** The quantile with one more report than there are, as the conformal bound asks. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.ceil(share * (sorted.length + 1)) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, at))] ?? 0;
}
