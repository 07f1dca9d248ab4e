/** One DER element: a tag, its length, its content. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/** An ordered list. */
export const sequence = (...content: readonly Uint8Array[]): Buffer => element(0x30, ...content);
/** A set; callers put one member in it, so no ordering is needed. */
export const set = (...content: readonly Uint8Array[]): Buffer => element(0x31, ...content);
/** Text. */
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'));
/** Bytes, which are often DER themselves. */
export const octets = (content: Uint8Array): Buffer => element(0x04, content);
/** Bits, with a count of unused ones at the end. */
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  element(0x03, Buffer.from([unused]), content);
/** TRUE; FALSE is always left out, being the default. */
export const yes = (): Buffer => element(0x01, Buffer.from([0xff]));
/** A member marked by its number instead of its type; `constructed` when it holds DER. */
export const tagged = (number: number, constructed: boolean, ...content: readonly Uint8Array[]): Buffer =>
  element(0x80 | (constructed ? 0x20 : 0) | number, ...content);

/** A positive whole number, given as big-endian bytes. */
export function positive(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const trimmed = first < 0 ? Buffer.from([0]) : bytes.subarray(first);
  const signed = (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed;
  return element(0x02, signed);
}

/** An object identifier such as `2.5.29.17`. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(0x06, Buffer.from(bytes));
}

/** A time before 2050, in UTC to the second. */
export function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return element(0x17, Buffer.from(`${digits}Z`, 'latin1'));
}
