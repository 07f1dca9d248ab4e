import type { Graph, Port } from '../ir/graph.ts';
import { show, sizeOf } from '../ir/shape.ts';
import type { Weights } from '../onnx/writer.ts';

/** Numbers for named tensors, row major. */
export type Values = Readonly<Record<string, Float32Array>>;

/** A graph ready to run. Not reentrant: wait for one run before the next. */
export interface Program {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Computes every output. `into` gives arrays to write the results to (none may be an array that is fed); without it they are new.
   * Throws `FeedError` when a feed is missing, unknown or of the wrong length.
   */
  run(feeds: Values, into?: Values): Promise<Values>;
  close(): Promise<void>;
}

/** A way to run graphs. All executors give the same numbers within single precision. */
export interface Executor {
  readonly name: string;
  /** Inputs named in `weights` are bound and no longer fed. */
  compile(graph: Graph, weights?: Weights): Promise<Program>;
}

/** What was fed does not fit the graph; the message names the input and what it wants. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
}

/** Throws `FeedError` unless `feeds` are exactly the inputs, each filled. */
export function checkFeeds(inputs: readonly Port[], feeds: Values): void {
  for (const { name, shape } of inputs) {
    const values = feeds[name];
    if (values === undefined) throw new FeedError(`input "${name}" ${show(shape)} is not fed`);
    if (values.length !== sizeOf(shape))
      throw new FeedError(
        `input "${name}" has ${values.length} numbers; its shape ${show(shape)} wants ${sizeOf(shape)}`,
      );
  }
  const known = new Set(inputs.map((port) => port.name));
  const stranger = Object.keys(feeds).find((name) => !known.has(name));
  if (stranger !== undefined)
    throw new FeedError(
      `no input is named "${stranger}"; the ${known.size} inputs: ${[...known].slice(0, 8).join(', ')}${known.size > 8 ? ', …' : ''}`,
    );
}

/** The ports that are still fed when `weights` are bound. */
export const unbound = (ports: readonly Port[], weights: Weights): Port[] =>
  ports.filter((port) => !weights.has(port.name));

/** An array for every port. */
export const buffersFor = (ports: readonly Port[]): Record<string, Float32Array> =>
  Object.fromEntries(ports.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
