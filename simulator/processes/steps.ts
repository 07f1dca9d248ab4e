/**
 * A factor that is constant between moments, walked in time. After `seek(at)`, `value` holds from `at` until `until`, which lies
 * after `at`; microseconds. Seeking forward is cheap, seeking back starts over; the answers do not depend on the way there.
 */
export interface Steps {
  readonly value: number;
  readonly until: number;
  seek(at: number): void;
}

/** Always the same. */
export const constant = (value: number): Steps => ({ value, until: Infinity, seek: () => {} });

/** Values from given moments on. */
export interface Table {
  /** Whole microseconds, rising, the first 0. */
  readonly starts: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** After how long it starts again; Infinity when the last value holds for ever. */
  readonly period: number;
  /** Place in the table at time 0; 0 when absent. */
  readonly offset?: number;
}

/** A cursor over a table; many may share one. */
export function along(table: Table): Steps {
  const { starts, values, period, offset = 0 } = table;
  let index = 0;
  const steps = {
    value: values[0] ?? 1,
    until: 0,
    seek(at: number): void {
      const place = at + offset;
      const base = period === Infinity ? 0 : Math.floor(place / period) * period;
      const local = place - base;
      if ((starts[index] ?? 0) > local) index = 0;
      for (let next = starts[index + 1]; next !== undefined && next <= local; next = starts[index + 1])
        index++;
      steps.value = values[index] ?? 1;
      steps.until = base + (starts[index + 1] ?? period) - offset;
    },
  };
  steps.seek(0);
  return steps;
}

/** The product of several. */
export function product(factors: readonly Steps[]): Steps {
  const [only] = factors;
  if (only !== undefined && factors.length === 1) return only;
  const steps = {
    value: 1,
    until: Infinity,
    seek(at: number): void {
      let value = 1;
      let until = Infinity;
      for (const factor of factors) {
        if (factor.until <= at || at < lastSought) factor.seek(at);
        value *= factor.value;
        if (factor.until < until) until = factor.until;
      }
      lastSought = at;
      steps.value = value;
      steps.until = until;
    },
  };
  let lastSought = Infinity;
  steps.seek(0);
  return steps;
}

/** 1 in the first `share` of every period, 0 in the rest; 1 throughout for a share of 1. The sampled part is rounded to microseconds. */
export function sampled(share: number, period: number): Steps {
  const on = Math.max(1, Math.round(share * period));
  if (on >= period) return constant(1);
  return along({ starts: [0, on], values: [1, 0], period });
}
