/** How to reach one API server. PEM material is given as text. */
export interface TransportOptions {
  readonly server: string;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name to expect in the server's certificate, when it is not the host of `server`. */
  readonly servername?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly token?: (() => Promise<string | undefined>) | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Limit of one call with its retries, unless the call says otherwise. */
  readonly deadlineMs?: number | undefined;
  readonly connections?: number | undefined;
  readonly userAgent?: string | undefined;
  /** Told of every answer, and of every call that got none (code 0). */
  readonly onRequest?: ((verb: string, code: number, ms: number) => void) | undefined;
}

/** What any call may carry. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

/** Which objects a list or a watch is about. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** One page of a list. */
export interface ListOptions extends Selection, CallOptions {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** One watch; `idleMs` bounds the silence that is still taken for health. */
export interface WatchStreamOptions extends Selection {
  readonly resourceVersion: string;
  readonly timeoutSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly idleMs?: number | undefined;
}

/** What a write may name besides the object. */
export interface WriteOptions extends CallOptions {
  readonly subresource?: string | undefined;
  readonly fieldManager?: string | undefined;
}

/** Server-side apply: one manager per controller; conflicts are forced unless told not to. */
export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  readonly force?: boolean | undefined;
}

/** How an object goes. */
export interface DeleteOptions extends CallOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
  readonly preconditions?: {
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
  readonly gracePeriodSeconds?: number | undefined;
}

/** A page of objects, the version it shows, and where the next page starts, if there is one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

/** One step of a JSON patch. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'copy' | 'move'; readonly from: string; readonly path: string };
