/** Largest number that 16 bits hold (IEEE 754 binary16). */
const LARGEST = 65_504;
/** 2^-24: the least step of binary16. */
const LEAST_STEP = 1 / 16_777_216;

const view = new DataView(new ArrayBuffer(4));
/** 2^(e - 25) for each exponent of binary16. */
const POWERS = Array.from({ length: 32 }, (_, e) => 2 ** (e - 25));

/** A number as 16 bits, to the nearest (11 significant bits, steps of 2^-24 near 0); beyond what they hold, the largest. */
export function toHalf(value: number): number {
  const x = Math.max(-LARGEST, Math.min(LARGEST, value));
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fff_ffff;
  if (size < 0x3880_0000) return sign + Math.round(Math.abs(x) / LEAST_STEP);
  return sign + ((size + 0xfff + ((size >>> 13) & 1) - 0x3800_0000) >>> 13);
}

/** The number back. */
export function fromHalf(bits: number): number {
  const [exponent, rest] = [(bits >>> 10) & 31, bits & 1023];
  const size = exponent === 0 ? rest * LEAST_STEP : (1024 + rest) * (POWERS[exponent] ?? 0);
  return (bits & 0x8000) === 0 ? size : -size;
}
