import type { KubePod } from '#crds/node.ts';

const FIRST_MS = 200;
const LONGEST_MS = 30_000;

/** How often a pod's pin was refused, and when to try again: twice as long after each refusal. */
export class Attempts {
  readonly #failed = new Map<string, { readonly tries: number; readonly notBeforeMs: number }>();

  /** Forgets every pod but these. */
  keep(pods: readonly KubePod[]): void {
    if (this.#failed.size === 0) return;
    const here = new Set(pods.map(({ metadata }) => metadata.uid ?? ''));
    for (const uid of this.#failed.keys()) if (!here.has(uid)) this.#failed.delete(uid);
  }

  /** One more refusal; returns how many there have been. */
  failed({ metadata: { uid = '' } }: KubePod, nowMs: number): number {
    const tries = (this.#failed.get(uid)?.tries ?? 0) + 1;
    this.#failed.set(uid, { tries, notBeforeMs: nowMs + Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1)) });
    return tries;
  }

  /** Whether it was refused so lately that asking again is a waste. */
  tooEarly({ metadata: { uid = '' } }: KubePod, nowMs: number): boolean {
    return nowMs < (this.#failed.get(uid)?.notBeforeMs ?? 0);
  }
}
