/** Grammar of a duration: digits, a unit, no sign and no spaces. */
export const DURATION = /^([0-9]+(\.[0-9]+)?)(us|ms|s|m|h)$/;

const SUFFIX = '(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,2})?';

/** Grammar of a Kubernetes quantity that is not negative. */
export const QUANTITY = new RegExp(`^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)${SUFFIX}$`);

/** Grammar of a Kubernetes quantity above zero. */
export const POSITIVE_QUANTITY = new RegExp(
  `^([0-9]*[1-9][0-9]*(\\.[0-9]*)?|[0-9]*\\.[0-9]*[1-9][0-9]*)${SUFFIX}$`,
);

/** Grammar of a duration above zero. */
export const POSITIVE_DURATION = /^([0-9]*[1-9][0-9]*(\.[0-9]+)?|[0-9]+\.[0-9]*[1-9][0-9]*)(us|ms|s|m|h)$/;

/** Grammar of a probability: 0 to 1 as a decimal, or in thousandths (`999m`). */
export const PROBABILITY = /^(0(\.[0-9]{1,12})?|1(\.0{1,12})?|[0-9]{1,3}m|1000m)$/;

const MICROS: Readonly<Record<string, bigint>> = {
  us: 1n,
  ms: 1_000n,
  s: 1_000_000n,
  m: 60_000_000n,
  h: 3_600_000_000n,
};

/**
 * Microseconds of a duration such as `700us`, `20ms` or `1.5s`: exact, then rounded to the nearest whole microsecond
 * (a half rounds up). Throws a `RangeError` that quotes the text when it is no duration.
 */
export function durationMicros(text: string): number {
  const [, number = '', , unit = ''] = DURATION.exec(text) ?? [];
  const unitMicros = MICROS[unit];
  if (unitMicros === undefined)
    throw new RangeError(`"${text}" is no duration: write 700us, 20ms, 1.5s, 2m or 1h`);
  const [whole = '', fraction = ''] = number.split('.');
  const scale = 10n ** BigInt(fraction.length);
  return Number((BigInt(whole + fraction) * unitMicros * 2n + scale) / (2n * scale));
}

/** A duration that people read: `700us`, `18.25ms`, `1.5s`. Reading it back gives the same whole microseconds. */
export function formatMicros(us: number): string {
  if (us === Infinity) return 'unlimited';
  const whole = Math.round(us);
  if (whole < 1_000) return `${whole}us`;
  return whole < 1_000_000 ? `${whole / 1_000}ms` : `${whole / 1_000_000}s`;
}

const EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const ANY_QUANTITY = new RegExp(`^([+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+))${SUFFIX}$`);

/**
 * Value of a Kubernetes quantity such as `1500Ki`, `1G`, `250m`, `2e3` or `"0.999"`: the nearest JavaScript number.
 * Throws a `RangeError` that quotes the text when it is none.
 */
export function quantity(text: string | number): number {
  if (typeof text === 'number') {
    if (Number.isFinite(text)) return text;
    throw new RangeError(`${text} is no quantity`);
  }
  const [, number, suffix = ''] = ANY_QUANTITY.exec(text) ?? [];
  if (number === undefined)
    throw new RangeError(`"${text}" is no quantity: write 1500Ki, 120M, 1G, 250m or 0.999`);
  const bits = BINARY[suffix];
  if (bits !== undefined) return Number(number) * 2 ** bits;
  const exponent = EXPONENT[suffix];
  // Let the number parser scale: it rounds once, so 0.3M is 300000 and not 299999.99999999994.
  return Number(suffix === '' ? number : exponent === undefined ? number + suffix : `${number}e${exponent}`);
}
