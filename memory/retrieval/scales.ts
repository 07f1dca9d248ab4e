/** Logarithm of a size, 1 at `scale`: what doubles differs by the same wherever it is. */
export const logScale = (scale: number): ((value: number) => number) => {
  const whole = Math.log1p(scale);
  return (value) => Math.log1p(value) / whole;
};

export const workScale = logScale(1e9);
export const cpuScale = logScale(32_000);
export const memoryScale = logScale(2 ** 36);
export const replicaScale = logScale(16);
export const payloadScale = logScale(1e8);
export const timeScale = logScale(1e6);
export const machineScale = logScale(256_000);
export const bandwidthScale = logScale(1e11);
/** Of small counts: degrees, hops, calls for each request. */
export const countScale = logScale(16);
