import type { Trace } from '#memory/trace/trace.ts';

/** Who asks, and what may answer. Every read names a tenant. */
export interface Filter {
  readonly tenant: string;
  /** Version of the encoder that made the query; another than the memory's is refused. */
  readonly encoderVersion: string;
  /** Only this region's shard; all shards when absent. */
  readonly shard?: string;
  readonly slice?: string;
  /** Only traces created at or after, milliseconds since the epoch. */
  readonly sinceMs?: number;
  /** Least realised utility. */
  readonly minReward?: number;
  /** Leave out what other tenants share. */
  readonly ownOnly?: boolean;
}

/** A trace near to the query. */
export interface Hit {
  readonly id: string;
  /** Exact cosine of the 32-bit vectors: the same number from every store. */
  readonly similarity: number;
  /** Realised utility. */
  readonly reward: number;
  readonly own: boolean;
}

/** Traces and nodes that a trace is tied to, as far as the tenant may see them. */
export interface Neighbours {
  /** Traces of a DAG of the same structure, the newest first, then by id. */
  readonly sameDag: readonly string[];
  /** The trace whose plan this one replaced. */
  readonly replanOf: string | undefined;
  /** Traces whose plans replaced this one's, by id. */
  readonly replannedBy: readonly string[];
  /** Nodes its replicas were placed on, in order of name. */
  readonly placedOn: readonly string[];
}

/** What came of a `put`. */
export interface Added {
  readonly added: number;
  /** Already there: the same content, the same id. */
  readonly known: number;
  /** Had a vector of another encoder and got a new one. */
  readonly reembedded: number;
}

/** What may go. */
export interface ExpiryPolicy {
  readonly nowMs: number;
  /** Traces older than this go. */
  readonly ttlMs?: number;
  /** Most traces of one shard; those of least priority go first. */
  readonly maxPerShard?: number;
}

/** What went. */
export interface Expired {
  readonly aged: number;
  readonly evicted: number;
}

export interface Stats {
  readonly traces: number;
  /** Of another encoder's version: kept, not searched until they are embedded again. */
  readonly stale: number;
  /** Of the stale those that keep what an encoder looks at: they can be embedded again. */
  readonly embeddable: number;
  readonly dimension: number;
  readonly encoderVersion: string;
  /** By region. */
  readonly shards: ReadonlyMap<string, number>;
  readonly tenants: ReadonlyMap<string, number>;
  /** Bytes on disk with the log; 0 when a server keeps them. */
  readonly diskBytes: number;
  /** Bytes of vectors and columns in memory; 0 when a server keeps them. */
  readonly memoryBytes: number;
}

/**
 * The memory of past deployments. All implementations give the same answers.
 * Every read is on behalf of a tenant: it sees its own traces, and those that others share without their metadata
 * (`withoutMetadata`). A tenant is known once it has put a trace or was admitted; reads for another throw `UnknownTenant`.
 */
export interface TraceStore {
  /** Durable when it resolves. Traces that are there already are left as they are. All are checked before one is written. */
  put(traces: readonly Trace[]): Promise<Added>;
  /** Makes a tenant known that has no trace of its own yet. */
  admit(tenant: string): Promise<void>;
  /** The `k` nearest by cosine, exact; equal similarities in order of id. */
  knn(vector: ArrayLike<number>, k: number, filter: Filter): Promise<readonly Hit[]>;
  /** Traces in the order of the ids; those that are not there, or not for this tenant, are left out. */
  get(tenant: string, ids: readonly string[]): Promise<readonly Trace[]>;
  /** Undefined when the trace is not there, or not for this tenant. At most 64 of a kind. */
  neighbours(tenant: string, id: string): Promise<Neighbours | undefined>;
  /** Says that a plan made use of these traces: what is used stays longer. */
  touch(ids: readonly string[], nowMs: number): void;
  /** Resolves when every trace of another encoder that can be embedded again is; rejects when that failed. Queries need not wait. */
  settled(): Promise<void>;
  /** Removes traces for good; the number that were there. */
  remove(ids: readonly string[]): Promise<number>;
  /** In small slices, between which queries are answered. */
  expire(policy: ExpiryPolicy): Promise<Expired>;
  /** For operators: it names all tenants. */
  stats(): Promise<Stats>;
  /** A tenant's own traces in order of id; all tenants' when undefined, for operators. */
  export(tenant: string | undefined): AsyncIterable<Trace>;
  close(): Promise<void>;
}

/** Makes a vector of this memory's encoder for a trace of another; undefined when the trace does not say enough. */
export type Reembed = (
  trace: Trace,
) => ArrayLike<number> | undefined | Promise<ArrayLike<number> | undefined>;

/** Told how many traces of another encoder were looked at of how many, and how many of these could not be embedded again. */
export type Progress = (done: number, total: number, left: number) => void;

/** Most neighbours of one kind. */
export const MOST_NEIGHBOURS = 64;
/** Most hits of one query. */
export const MOST_HITS = 1024;
