/** The whole text of an answer. Throws what `tooLong` makes as soon as it is longer than `mostBytes`. */
export async function boundedText(
  body: AsyncIterable<Buffer>,
  mostBytes: number,
  tooLong: () => Error,
): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > mostBytes) throw tooLong();
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
