/** What somebody else changes is set right this often in `WINDOW_MS`; after that it is left alone until the window has passed. */
export const MOST_REPAIRS = 3;
/** See `MOST_REPAIRS`. */
export const WINDOW_MS = 60_000;

/** Remembers how often each object had to be set right, so that two writers who disagree do not chase each other. */
export class Repairs {
  readonly #timesMs = new Map<string, number[]>();

  /** Whether the object may be set right now; counts it when it may. */
  allow(id: string, nowMs: number): boolean {
    const recent = (this.#timesMs.get(id) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS);
    const allowed = recent.length < MOST_REPAIRS;
    this.#timesMs.set(id, allowed ? [...recent, nowMs] : recent);
    return allowed;
  }

  /** Forgets objects that begin with `prefix`. */
  forget(prefix: string): void {
    for (const id of this.#timesMs.keys()) if (id.startsWith(prefix)) this.#timesMs.delete(id);
  }
}
