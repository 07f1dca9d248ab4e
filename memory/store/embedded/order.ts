/** What the thread that writes is asked to do. */
export type Order =
  | { readonly kind: 'put'; readonly slices: readonly Slice[] }
  | { readonly kind: 'admit'; readonly tenant: string }
  | {
      readonly kind: 'embed';
      readonly encoderVersion: string;
      readonly vectors: readonly { row: number; key: number; vector: Uint8Array }[];
    }
  | { readonly kind: 'space'; readonly encoderVersion: string; readonly dimension: number }
  | { readonly kind: 'remove'; readonly rows: readonly number[] }
  | { readonly kind: 'touch'; readonly uses: readonly { row: number; uses: number; usedMs: number }[] }
  | { readonly kind: 'check'; readonly repair: boolean }
  | { readonly kind: 'close' };

/** Traces that were made ready together. */
export interface Slice {
  readonly traces: readonly Written[];
  /** Of each trace its id, the id it replaced (zero: none) and its vector, one after the other: one buffer crosses quicker than many. */
  readonly binary: Uint8Array;
  readonly stride: number;
  /** Records of `compact`, one after the other; each ends at its trace's `end`. */
  readonly payloads: Uint8Array;
  /** Scenes of the contexts, each once. */
  readonly scenes: readonly { readonly id: Uint8Array; readonly key: number; readonly bytes: Uint8Array }[];
  /** What the traces' contexts have of their own, one after the other. */
  readonly contexts: Uint8Array;
}

/** A trace as it crosses to the writing thread. */
export interface Written {
  readonly tenant: string;
  readonly region: string;
  readonly slice: string;
  readonly encoderVersion: string;
  readonly createdMs: number;
  readonly reward: number;
  readonly shareable: boolean;
  readonly replan: boolean;
  /** First 48 bits of the id. */
  readonly key: number;
  /** First 48 bits of the hash of the DAG's structure. */
  readonly dag: number;
  /** Where its record ends in `Slice.payloads`. */
  readonly end: number;
  /** Its scene in `Slice.scenes`, and where its own part ends in `Slice.contexts`; undefined when it has no context. */
  readonly context:
    | { readonly columns: string; readonly scene: number; readonly from: number; readonly end: number }
    | undefined;
}

/** What an order answers: rows of a `put` (-1: was there already), problems that a `check` found; nothing else. */
export interface Answer {
  readonly rows?: readonly number[];
  readonly problems?: readonly string[];
}
