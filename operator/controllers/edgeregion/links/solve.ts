import type { Equation } from './equations.ts';
import type { DeclaredLink } from './link-table.ts';

/** How long a declared link takes by what was measured. */
export interface LinkEstimate extends DeclaredLink {
  readonly micros: number;
  readonly atMs: number;
}

const SWEEPS = 500;
const CLOSE_ENOUGH = 1e-6;
/** A link that is declared to take less is begun with this: 0 could only stay 0. */
const LEAST_PRIOR_MICROS = 10;
const LEAST_MICROS = 0.5;

/**
 * Latency of every link that an equation names. Where equations determine it, it is their solution; where they give only the sum of
 * several links (a region and a waypoint, a waypoint and a region), the sum is shared in the ratio of the declared latencies; where
 * they contradict each other, it lies between. Simultaneous multiplicative iteration from the declared values (SIRT, with steps
 * in proportion to the unknowns): nothing becomes negative, and the same input gives the same output.
 */
export function solveLinks(
  links: readonly DeclaredLink[],
  equations: readonly Equation[],
): readonly LinkEstimate[] {
  const micros = links.map(({ declaredMicros }) => Math.max(declaredMicros, LEAST_PRIOR_MICROS));
  const named = new Int32Array(links.length);
  const atMs = new Float64Array(links.length);
  for (const equation of equations) {
    for (const [link] of equation.terms) {
      named[link] = (named[link] ?? 0) + 1;
      atMs[link] = Math.max(atMs[link] ?? 0, equation.atMs);
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const step = new Float64Array(links.length);
    for (const { terms, micros: wanted } of equations) {
      let sum = 0;
      let norm = 0;
      let times = 0;
      for (const [link, count] of terms) {
        const value = micros[link] ?? 0;
        sum += count * value;
        norm += count * count * value;
        times += count;
      }
      const off = (Math.max(wanted, times * LEAST_MICROS) - sum) / norm;
      for (const [link, count] of terms) step[link] = (step[link] ?? 0) + count * off;
    }
    let most = 0;
    for (const [link, count] of named.entries()) {
      if (count === 0) continue;
      const before = micros[link] ?? 0;
      const after = Math.max(LEAST_MICROS, before * (1 + (step[link] ?? 0) / count));
      most = Math.max(most, Math.abs(after - before) / before);
      micros[link] = after;
    }
    if (most < CLOSE_ENOUGH) break;
  }
  return links.flatMap((link, i) =>
    named[i] === 0 ? [] : [{ ...link, micros: Math.round(micros[i] ?? 0), atMs: atMs[i] ?? 0 }],
  );
}
