/** Steps from an object to one of its fields. */
export type Path = readonly (string | number)[];

/** Something wrong with one field of one object. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A field as people write it: `spec.edges[2].to`, `metadata.annotations[edgeloom.dev/site]`. */
export function fieldOf(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' || !/^[A-Za-z0-9_-]+$/.test(step) ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/** The steps of a field that `fieldOf` wrote. */
export function pathOf(field: string): Path {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[]+)/g)].map(([, inside, word]) => {
    return inside !== undefined && /^[0-9]+$/.test(inside) ? Number(inside) : (inside ?? word ?? '');
  });
}

/** The value at the end of a path; undefined when the way is not there. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, step)
      ? (value as Record<string | number, unknown>)[step]
      : undefined;
  }, root);
}

/** A value in a message: short, in quotes when it is text. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
