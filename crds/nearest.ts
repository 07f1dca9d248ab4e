/** Edits that turn one word into the other; swapping two neighbours is one. */
function distance(a: string, b: string): number {
  const at = (row: readonly number[] | undefined, column: number): number => row?.[column] ?? Infinity;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const change = at(above, j - 1) + (same ? 0 : 1);
      row.push(
        Math.min(at(above, j) + 1, at(row, j - 1) + 1, change, swapped ? at(before, j - 2) + 1 : Infinity),
      );
    }
    [before, above] = [above, row];
  }
  return at(above, b.length);
}

const LONGEST = 64;

/** The known word that was probably meant, case aside: a third of the letters may be wrong. Undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  const scored = known
    .filter((k) => Math.abs(k.length - word.length) <= limit)
    .map((k) => ({ known: k, edits: distance(word.toLowerCase(), k.toLowerCase()) }));
  return scored.filter((s) => s.edits <= limit).sort((a, b) => a.edits - b.edits)[0]?.known;
}

/** The advice that goes with an unknown word: what was meant, or what there is. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return known.length === 0 ? 'nothing is allowed here' : `known: ${known.slice(0, 24).join(', ')}`;
}
