/** Strength of the pull to zero, per example, in units of each input's variance. */
const RIDGE = 1e-3;

/** Linear regression with a ridge on standardised inputs, all outputs at once: the yardstick a network has to beat. */
export function fitRidge(
  inputs: readonly (readonly number[])[],
  outputs: readonly (readonly number[])[],
): (input: readonly number[]) => number[] {
  const count = inputs.length;
  const width = inputs[0]?.length ?? 0;
  const mean = Array.from({ length: width }, (_, c) => inputs.reduce((t, r) => t + (r[c] ?? 0), 0) / count);
  const scale = mean.map(
    (m, c) => Math.sqrt(inputs.reduce((t, r) => t + ((r[c] ?? 0) - m) ** 2, 0) / count) || 1,
  );
  const standard = (row: readonly number[]): number[] => [
    ...row.map((x, c) => (x - (mean[c] ?? 0)) / (scale[c] ?? 1)),
    1,
  ];
  const rows = inputs.map(standard);
  const size = width + 1;
  const targets = outputs[0]?.length ?? 0;
  const system = Array.from({ length: size }, (_, i) => {
    const line = new Float64Array(size + targets);
    for (const [r, row] of rows.entries()) {
      const x = row[i] ?? 0;
      for (let j = 0; j < size; j++) line[j] = (line[j] ?? 0) + x * (row[j] ?? 0);
      for (let t = 0; t < targets; t++) line[size + t] = (line[size + t] ?? 0) + x * (outputs[r]?.[t] ?? 0);
    }
    if (i < width) line[i] = (line[i] ?? 0) + RIDGE * count;
    return line;
  });
  solve(system, size);
  return (input) => {
    const row = standard(input);
    return Array.from({ length: targets }, (_, t) =>
      row.reduce((total, x, i) => total + x * (system[i]?.[size + t] ?? 0), 0),
    );
  };
}

/** Gauss–Jordan on [A | B], A symmetric and positive definite: B becomes A⁻¹B. */
function solve(system: readonly Float64Array[], size: number): void {
  for (const [i, line] of system.entries()) {
    const pivot = line[i] ?? 1;
    for (let j = 0; j < line.length; j++) line[j] = (line[j] ?? 0) / pivot;
    for (const [k, other] of system.entries()) {
      const factor = other[i] ?? 0;
      if (k === i || factor === 0) continue;
      for (let j = i; j < other.length; j++) other[j] = (other[j] ?? 0) - factor * (line[j] ?? 0);
    }
    if (i === size - 1) return;
  }
}
