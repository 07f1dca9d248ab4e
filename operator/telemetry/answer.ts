import { z } from 'zod';
import { SourceFailed } from './source.ts';

/** Rows of one answer at most; ten thousand edges in two regions have fewer. */
export const MOST_ROWS = 50_000;

const answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z
      .array(
        z.object({
          metric: z.record(z.string(), z.string()),
          value: z.tuple([z.number(), z.string()]),
        }),
      )
      .max(MOST_ROWS),
  }),
});

/** One row of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How far the source's clock may be from ours: beyond, an answer is old, or made for another time. */
const SKEW_MS = 60_000;

/**
 * Samples of the answer to an instant query. NaN is what a quotient without requests gives: no sample. Values below zero, infinite or
 * above `most` are counted as rejected. Throws `SourceFailed` when it is no such answer, or one of another time.
 */
export function samplesOf(
  text: string,
  { most, nowMs }: { readonly most: number; readonly nowMs: number },
): { readonly samples: readonly Sample[]; readonly rejected: number } {
  const read = answer.safeParse(jsonOf(text));
  if (!read.success) {
    const [issue] = read.error.issues;
    const field = issue?.path.slice(0, 3).join('.') ?? '';
    throw new SourceFailed('Nonsense', `its answer is no instant vector (${field || 'not an object'})`);
  }
  let rejected = 0;
  const samples: Sample[] = [];
  for (const { metric: labels, value: row } of read.data.data.result) {
    const [atSeconds, text] = row;
    if (Math.abs(atSeconds * 1000 - nowMs) > SKEW_MS)
      throw new SourceFailed(
        'ClockSkew',
        'its answer is of another time: compare its clock with the operator’s',
      );
    const value = NUMBER.test(text) ? Number(text) : NaN;
    if (text === 'NaN') continue;
    if (value >= 0 && value <= most) samples.push({ labels, value });
    else rejected++;
  }
  return { samples, rejected };
}

const NUMBER = /^[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?$/;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const start = text.trimStart().slice(0, 1);
    const what = text === '' ? 'empty' : start === '<' ? 'a page of HTML' : 'no JSON';
    throw new SourceFailed('Nonsense', `its answer is ${what}: is the URL that of Prometheus?`);
  }
}
