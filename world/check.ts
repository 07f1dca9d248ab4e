import { formatMicros } from '#crds/quantity.ts';
import type { Outcome } from './cost.ts';
import type { Instance } from './instance.ts';
import type { Violation } from './prediction.ts';
import type { PairRoute } from './routing.ts';
import type { WayIn } from './ways-in.ts';

/** One kind of limit, checked over a whole placement; the list reads as architecture section 5 does. */
export type Check = (context: Context) => Violation[];

/** A routed placement with what is predicted of it. */
export interface Context {
  readonly instance: Instance;
  readonly assign: Int32Array;
  readonly pairs: readonly PairRoute[];
  readonly times: readonly number[][];
  readonly entries: readonly WayIn[];
  readonly outcome: Outcome;
}

/** The object a violation is about. */
export const objectOf = (instance: Instance): string => `ServiceDAG ${instance.key}`;

/** A time in a message. */
export const micros = (value: number): string =>
  value === Infinity ? 'forever' : formatMicros(Math.round(value));
