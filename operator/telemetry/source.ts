/** How the series of a template are named: by Envoy's cluster, by the Service that is called, or by the ServiceDAG as a whole. */
export const NAMINGS = ['Envoy', 'Service', 'Dag'] as const;

/** One of `NAMINGS`. */
export type Naming = (typeof NAMINGS)[number];

/** What was measured of one series of calls, over the window of the queries. What is absent was not measured. */
export interface Figures {
  /** Requests per second. */
  readonly rate: number;
  /** The part of them whose callers' region is known, by region. */
  readonly rateByRegion: ReadonlyMap<string, number>;
  /** Failed requests per second. */
  readonly errorRate?: number;
  readonly meanMicros?: number;
  readonly p50Micros?: number;
  readonly p99Micros?: number;
}

/** Everything that one look gave. */
export interface Reading {
  /** By `seriesKey`. */
  readonly figures: ReadonlyMap<string, Figures>;
  /** Samples that no measurement can have given: negative, infinite, absurd. */
  readonly rejected: number;
}

/** Key of a series in a `Reading`. */
export const seriesKey = (naming: Naming, name: string): string => `${naming} ${name}`;

/** Why a source gives nothing. */
export type FailureReason = 'Unreachable' | 'Late' | 'Refused' | 'Nonsense' | 'TooLarge' | 'ClockSkew';

/** A source gives nothing that can be used; the message is the same for the same trouble, so that it can be told once. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed';
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Somebody who measures calls. */
export interface TelemetrySource {
  /** Seconds over which rates and latencies are taken. */
  readonly windowSeconds: number;
  /** Everything that was measured, of all ServiceDAGs at once. `mesh`: whether a mesh carries calls. Throws `SourceFailed`. */
  read(wanted: { readonly mesh: boolean }, signal: AbortSignal): Promise<Reading>;
}
