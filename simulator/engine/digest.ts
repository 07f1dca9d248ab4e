/** A running digest of everything that happens, to the last bit of every time: equal digests, equal event logs. */
export class Digest {
  #a = 0x811c9dc5;
  #b = 0x9747b28c;
  readonly #double = new Float64Array(1);
  readonly #words = new Uint32Array(this.#double.buffer);

  /** One line of the log. */
  add(time: number, rank: number, subject: number): void {
    this.#double[0] = time;
    this.#mix(this.#words[0] ?? 0);
    this.#mix(this.#words[1] ?? 0);
    this.#double[0] = subject;
    this.#mix((this.#words[0] ?? 0) ^ rank);
    this.#mix(this.#words[1] ?? 0);
  }

  /** 16 hexadecimal digits. */
  get hex(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #mix(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(((this.#b << 13) | (this.#b >>> 19)) ^ word, 0x5bd1e995) + 0x3c6ef372;
  }
}
