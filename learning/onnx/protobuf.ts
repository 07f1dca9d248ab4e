/** One protobuf message being written, in the order of the calls: the same calls give the same bytes. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** A varint field (int32, int64, enum). */
  int(field: number, value: number): this {
    return this.#tag(field, 0).#varint(BigInt.asUintN(64, BigInt(value)));
  }

  /** A fixed 32-bit field (float). */
  float(field: number, value: number): this {
    return this.#tag(field, 5).#raw(littleEndian(Float32Array.of(value)));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, 2).#varint(BigInt(value.length)).#raw(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.done());
  }

  /** The bytes so far. */
  done(): Uint8Array {
    const result = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }

  #tag(field: number, wire: number): this {
    return this.#varint((BigInt(field) << 3n) | BigInt(wire));
  }

  #varint(value: bigint): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return this.#raw(Uint8Array.from([...bytes, Number(rest)]));
  }

  #raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    return this;
  }
}

/** Float32 values as little-endian bytes, whatever the machine. */
export function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(i * 4, value, true);
  return bytes;
}

/** One field of a message being read. `value` is the varint, or the bytes of a length-delimited field; fixed fields give their bytes. */
export interface Field {
  readonly field: number;
  readonly value: bigint | Uint8Array;
}

/** The fields of a message in the order they were written. Throws `RangeError` when the bytes end within a field. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined)
        throw new RangeError(`protobuf: the message ends within a field at byte ${at - 1}`);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new RangeError(`protobuf: a varint of more than 10 bytes at byte ${at}`);
  };
  const take = (count: number): Uint8Array => {
    if (at + count > bytes.length)
      throw new RangeError(`protobuf: ${count} bytes wanted at byte ${at}, ${bytes.length - at} are left`);
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    if (wire === 0) yield { field, value: varint() };
    else if (wire === 1) yield { field, value: take(8) };
    else if (wire === 2) yield { field, value: take(Number(varint())) };
    else if (wire === 5) yield { field, value: take(4) };
    else throw new RangeError(`protobuf: wire type ${wire} at byte ${at - 1} is unknown`);
  }
}
