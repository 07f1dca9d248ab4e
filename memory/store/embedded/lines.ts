import type { Listed } from './index.ts';

/** A line of `traces` without its payload, as an array: columns of `LISTED`. */
export type Line = readonly (number | string | Uint8Array | null)[];

// No joins: names are looked up here, which halves the time that a start takes.
export const LISTED = 'row, id, tenant, region, slice, created, reward, shareable, uses, used, vector';

/** First 48 bits of an id. */
export const keyOf = (id: string): number => Number.parseInt(id.slice(0, 12), 16);
/** An id as the file keeps it. */
export const bytes = (id: string): Uint8Array => Buffer.from(id, 'hex');
/** An id of the file as text. */
export const hex = (id: Uint8Array): string =>
  Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');

/** 32-bit floats, little-endian as every machine that Node runs on. */
export const floats = (blob: Uint8Array): Float32Array =>
  new Float32Array(blob.buffer.slice(blob.byteOffset, blob.byteOffset + blob.byteLength));

/** A line of columns `LISTED` for the index. */
export function listedOf(line: Line, names: ReadonlyMap<number, string>): Listed {
  const name = (number: Line[number] | undefined): string => names.get(Number(number)) ?? '';
  const [row, id, tenant, region, slice, created, reward, shareable, uses, used, vector] = line;
  if (!(id instanceof Uint8Array) || !(vector instanceof Uint8Array))
    throw new TypeError('a line of traces has no id or vector');
  return {
    row: Number(row),
    id,
    tenant: name(tenant),
    region: name(region),
    slice: name(slice),
    createdMs: Number(created),
    reward: Number(reward),
    shareable: shareable === 1,
    uses: Number(uses),
    usedMs: Number(used),
    vector:
      vector.byteOffset % 4 === 0
        ? new Float32Array(vector.buffer, vector.byteOffset, vector.length / 4)
        : floats(vector),
  };
}
