/**
 * Randomness without hidden state: streams split from one seed by name, and draws that are a function of their counters.
 * Only integer arithmetic, logarithm, exponential and square root are used, so every Node version gives the same bits.
 */

/** One number in [0, 1) after another, 32 bits each. */
export type Stream = () => number;

const UNIT = 2 ** -32;

/** Mixes 32 bits so that every input bit changes half of the output (Wellons, lowbias32). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A whole number of up to 53 bits folded into 32. */
const folded = (value: number): number => mix(value >>> 0) ^ mix(Math.floor(value / 2 ** 32) + 0x9e3779b9);

/** A seed of its own for each purpose: 32 bits from a seed (a whole number) and a name. */
export function seedOf(seed: number, name: string): number {
  let h = folded(seed);
  for (let i = 0; i < name.length; i++) h = mix(h ^ (name.charCodeAt(i) + Math.imul(i, 0x9e3779b1)));
  return mix(h ^ name.length);
}

/** The stream of that name under a seed (sfc32, period about 2^127): streams of different names are independent. */
export function stream(seed: number, name: string): Stream {
  let a = seedOf(seed, `${name}/a`);
  let b = seedOf(seed, `${name}/b`);
  let c = seedOf(seed, `${name}/c`);
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) * UNIT;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/**
 * The draw with the counters `a` (up to 53 bits) and `b` (32 bits) under a seed of 32 bits, in [0, 1): the same whoever asks and
 * in whatever order. Take `seedOf(seed, purpose)` as its seed, so that no two purposes share draws.
 */
export function drawAt(seed: number, a: number, b: number): number {
  const high = a < 4294967296 ? 0 : Math.floor(a / 4294967296);
  let h = mix((a >>> 0) ^ seed);
  h = mix(h + Math.imul(high, 0x85ebca6b) + Math.imul(b, 0x9e3779b1) + (seed >>> 7));
  return mix(h ^ Math.imul(b, 0xc2b2ae35)) * UNIT;
}

/** Exponential with that mean, from a draw in [0, 1). */
export const exponential = (u: number, mean: number): number => -mean * Math.log(1 - u);

/** Pareto with P(X > x) = (scale / x)^shape for x >= scale, from a draw in [0, 1). Its mean is finite for shape > 1. */
export const pareto = (u: number, shape: number, scale: number): number =>
  scale * Math.exp(-Math.log(1 - u) / shape);

const CENTRE = 0.02425;

/** Standard normal from a draw in [0, 1): its inverse distribution (Acklam; relative error below 1.2e-9). */
export function normal(u: number): number {
  // A draw is a whole number of 2^-32: its middle is never 0 or 1.
  const p = u + UNIT / 2;
  if (p < CENTRE) return tail(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - CENTRE) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  const above =
    ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
    2.506628277459239;
  const below =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return (q * above) / below;
}

function tail(q: number): number {
  const above =
    ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const below =
    (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
    1;
  return above / below;
}

/** Lognormal whose logarithm has that mean and deviation, from a draw in [0, 1). */
export const lognormal = (u: number, mu: number, sigma: number): number => Math.exp(mu + sigma * normal(u));
