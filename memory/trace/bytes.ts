/** Grows as it is written to; the bytes are copied out at the end. One is used again for every trace. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(16_384);
  #at = 0;

  /** From the start again. */
  begin(): void {
    this.#at = 0;
  }

  /** What was written since `begin`. */
  end(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#at);
  }

  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from 0 below 2^53, seven bits a byte, the least first. */
  natural(value: number): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow(8);
    let rest = value;
    while (rest >= 0x80) {
      // Bitwise operators see 32 bits only.
      this.#bytes[this.#at++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** Any finite number: a natural below 2^52 as twice itself, everything else as 1 and its eight bytes. */
  number(value: number): void {
    if (value >= 0 && value < 2 ** 52 && Number.isInteger(value) && !Object.is(value, -0)) {
      this.natural(2 * value);
      return;
    }
    if (this.#at + 9 > this.#bytes.length) this.#grow(9);
    this.#bytes[this.#at] = 1;
    this.#bytes.writeDoubleLE(value, this.#at + 1);
    this.#at += 9;
  }

  /** Length in bytes, then UTF-8. */
  text(value: string): void {
    const most = 3 * value.length;
    if (this.#at + most + 8 > this.#bytes.length) this.#grow(most + 8);
    const length = Buffer.byteLength(value);
    this.natural(length);
    this.#bytes.write(value, this.#at, 'utf8');
    this.#at += length;
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * this.#bytes.length + by);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote. Throws when the bytes end too soon. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = from;
  }

  natural(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('a stored trace is cut short');
      if (byte < 0x80) return value + scale * byte;
      value += scale * (byte - 0x80);
      scale *= 0x80;
    }
  }

  number(): number {
    const natural = this.natural();
    if (natural !== 1) return natural / 2;
    this.#at += 8;
    if (this.#at > this.#bytes.length) throw new Error('a stored trace is cut short');
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  text(): string {
    const length = this.natural();
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('a stored trace is cut short');
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** The next `count` bytes. */
  bytes(count: number): Uint8Array {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new Error('a stored trace is cut short');
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** The rest is a list of `length` of what `read` gives. */
  list<T>(read: () => T): T[] {
    const length = this.natural();
    if (length > this.#bytes.length) throw new Error('a stored trace is cut short');
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }
}
