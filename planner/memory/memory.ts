import { existsSync, statSync } from 'node:fs';
import { Contexts } from '#memory/context/contexts.ts';
import { look, reembedWith } from '#memory/context/re-embed.ts';
import { Encoder, SHIPPED } from '#memory/encoders/encoder.ts';
import { featuresOf } from '#memory/encoders/features/features.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import { TAG } from '#memory/encoders/query.ts';
import { DIMENSION } from '#memory/encoders/network/encoder-network.ts';
import { Guard } from '#memory/guard/guard.ts';
import { Journal, journalBeside } from '#memory/guard/journal.ts';
import type { Verdict } from '#memory/guard/outcome.ts';
import { DamagedMemory } from '#memory/store/errors.ts';
import { openStore } from '#memory/store/open.ts';
import type { Progress, Stats, TraceStore } from '#memory/store/trace-store.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Objects } from '#world/objects.ts';
import type { Recall } from '../recall.ts';
import { ask, recalledOf } from './recall.ts';
import type { Asked, Question } from './recall.ts';
import type { ReadReport } from './report.ts';

/** Which memory, and how long it may take. */
export interface MemoryOptions {
  /** A file, or `bolt://[user:password@]host:port`. */
  readonly where: string;
  /** Nothing is put into it; a file that is not there is not made. */
  readonly readOnly?: boolean;
  /** Where its guard keeps what it learns; beside a file by default, nowhere for a server. */
  readonly journal?: string | undefined;
  /** Milliseconds that a plan waits for it; as long as it takes by default. Compiling the encoder for the first plan may take longer. */
  readonly deadlineMs?: number | undefined;
  /** Monotonic milliseconds: when to try again what failed. */
  readonly clock: () => number;
  /** Told how far traces of another encoder are embedded again. */
  readonly onProgress?: Progress;
  /** Told when the memory goes away, with why, and when it is back. */
  readonly onChange?: (problem: string | undefined) => void;
}

/** Who reports, and on what it may. */
export interface Reporter {
  readonly identity: string;
  readonly mayReport: (trace: Trace) => boolean;
}

interface Opened {
  readonly store: TraceStore;
  readonly guard: Guard;
  /** Device and inode of the file when it was opened; undefined for a server. */
  readonly file: string | undefined;
}

/** After a failure it is opened anew, but not more often than this. */
const RETRY_MS = 10_000;
/** The first question compiles the encoder. */
const FIRST_MS = 2_000;

/** Nobody waited for the answer any longer. */
class TooLate extends Error {
  override readonly name = 'TooLate';
}

/**
 * The memory of a planner: store, encoder and guard. It may be away, damaged, deleted or locked at any time: plans are then made without,
 * and say why; what failed is opened again after a while. Opened with the first question.
 */
export class Memory {
  readonly #options: MemoryOptions;
  readonly #contexts = new Contexts();
  #encoder: Promise<Encoder> | undefined;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #problem: string | undefined;
  #failedMs = -Infinity;
  #isWarm = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** Why it is away; undefined when it is there, or nobody has asked yet. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** What plans are given to recall with, in a world of these objects. */
  recallIn(objects: Objects): Recall {
    const { dags, nodes, nowMs } = objects;
    const positions = positionsOf(nodes);
    return async (snapshot, dag, replicas) => {
      const seen = { snapshot, dag, dags, telemetry: [], positions };
      try {
        const asked = await this.#inTime(this.ask({ seen, nowMs, replicas }));
        return recalledOf(asked, (await this.#loaded()).version);
      } catch (error) {
        return { traces: [], without: messageOf(error), candidates: () => [] };
      }
    };
  }

  /** What it has to say about a DAG. Rejects when it is away. */
  ask(question: Question): Promise<Asked> {
    return this.#using(async ({ store }, encoder) => {
      const asked = await ask(store, encoder, question);
      this.#isWarm = true;
      return asked;
    });
  }

  /**
   * Brings a report before the guard, one after the other. It is durable, in the memory or in quarantine, when this resolves. Rejects with
   * `RefusedTrace` when it is no trace, else when the memory is away.
   */
  report(
    { content, expectedUtility, seen }: ReadReport,
    reporter: Reporter,
  ): Promise<Verdict & { id: string }> {
    const turn = this.#turn.then(() =>
      this.#using(async ({ guard }, encoder) => {
        const looked = await look(encoder, this.#contexts, featuresOf(seen), content);
        const trace = sealTrace(content, { encoderVersion: encoder.version, ...looked });
        const { identity: agent, mayReport } = reporter;
        return { ...(await guard.report(trace, { agent, mayReport, expectedUtility })), id: trace.id };
      }),
    );
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** How much it holds. Rejects when it is away. */
  stats(): Promise<Stats> {
    return this.#using(({ store }) => store.stats());
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#opening?.catch(() => undefined);
    await this.#drop();
    await (await this.#encoder?.catch(() => undefined))?.close();
  }

  /** Works with the opened memory; what fails for its sake makes it be opened anew some time later. */
  async #using<T>(work: (opened: Opened, encoder: Encoder) => Promise<T>): Promise<T> {
    const encoder = await this.#loaded();
    const opened = await this.#there(encoder);
    try {
      const result = await work(opened, encoder);
      this.#say(undefined);
      return result;
    } catch (error) {
      if (error instanceof Error && AWAY.has(error.name)) this.#failed(error);
      if (error instanceof DamagedMemory) await this.#drop();
      throw error;
    }
  }

  #loaded(): Promise<Encoder> {
    this.#encoder ??= Encoder.open(SHIPPED);
    return this.#encoder;
  }

  async #there(encoder: Encoder): Promise<Opened> {
    const { where, clock, readOnly = false } = this.#options;
    const isDue = clock() - this.#failedMs >= RETRY_MS;
    if (this.#opened !== undefined) {
      const isGone = this.#opened.file !== fileAt(where);
      if (!isGone && !(this.#problem !== undefined && isDue)) return this.#opened;
      if (isGone) this.#say(`${where}: the file was taken away or replaced`);
      await this.#drop();
    } else if (this.#problem !== undefined && !isDue) throw new Error(this.#problem);
    this.#opening ??= this.#open(encoder, where, readOnly);
    try {
      this.#opened = await this.#opening;
      return this.#opened;
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  async #open(encoder: Encoder, where: string, readOnly: boolean): Promise<Opened> {
    const file = isFile(where);
    const journal = this.#options.journal ?? (file ? journalBeside(where) : undefined);
    const { onProgress } = this.#options;
    const told = onProgress === undefined ? {} : { onProgress };
    const space = { dimension: DIMENSION + 2 * TAG, encoderVersion: encoder.version };
    const store = await openStore(where, { space, readOnly, reembed: reembedWith(encoder), ...told });
    try {
      const guard = new Guard(store, {
        journal: readOnly || journal === undefined ? undefined : new Journal(journal),
      });
      return { store, guard, file: fileAt(where) };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async #drop(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.store.close().catch(() => undefined);
  }

  #failed(error: unknown): void {
    this.#failedMs = this.#options.clock();
    this.#say(messageOf(error));
  }

  #say(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onChange?.(problem);
  }

  /** What is asked, or `TooLate`: a plan is not held up. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { deadlineMs } = this.#options;
    if (deadlineMs === undefined) return work;
    const ms = this.#isWarm ? deadlineMs : Math.max(FIRST_MS, deadlineMs);
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new TooLate(`the memory gave no answer within ${ms} ms`)), ms);
    work.catch(() => undefined); // when it fails after its time is up, nobody listens
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Errors that are the memory's and not the question's. */
const AWAY: ReadonlySet<string> = new Set(['DamagedMemory', 'MemoryUnavailable', 'OtherEncoder']);

const isFile = (where: string): boolean => !/^[a-z0-9+]+:\/\//.test(where);

function fileAt(where: string): string | undefined {
  if (!isFile(where)) return undefined;
  if (!existsSync(where)) return 'none';
  const { dev, ino } = statSync(where);
  return `${dev}:${ino}`;
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 1024);
