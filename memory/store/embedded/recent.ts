import type { Trace } from '#memory/trace/trace.ts';

/** A decoded trace, and as other tenants see it once one has asked. */
export interface Decoded {
  readonly trace: Trace;
  shared?: Trace;
}

/** Decoded traces that are kept: about 20 MB. */
const MOST = 2048;

/** The traces that were asked for last, decoded: a tenant's queries meet the same ones again and again. */
export class Recent {
  readonly #byId = new Map<string, Decoded>();

  get(id: string): Decoded | undefined {
    const found = this.#byId.get(id);
    if (found === undefined) return undefined;
    // A map keeps the order of insertion: what is used goes to its end.
    this.#byId.delete(id);
    this.#byId.set(id, found);
    return found;
  }

  put(decoded: Decoded): Decoded {
    this.#byId.set(decoded.trace.id, decoded);
    if (this.#byId.size > MOST) {
      const [oldest] = this.#byId.keys();
      if (oldest !== undefined) this.#byId.delete(oldest);
    }
    return decoded;
  }

  clear(): void {
    this.#byId.clear();
  }
}
