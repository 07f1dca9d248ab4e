import type { ServerResponse } from 'node:http';
import type { FakeFaults } from './fake-faults.ts';
import type { FakeRefusal } from './fake-refusal.ts';
import type { Matches } from './fake-selectors.ts';
import type { Change } from './fake-storage.ts';
import type { KubeObject } from './object.ts';

/** What one watch is about and how long it may last. */
export interface FakeWatchOptions {
  readonly collection: string;
  readonly matches: Matches;
  readonly timeoutMs: number;
  readonly bookmarkMs: number;
}

const frame = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

/** Test support: one open watch. It may be muted, cut, ended or made to repeat and reorder itself. */
export class FakeWatch {
  readonly #answer: ServerResponse;
  readonly #options: FakeWatchOptions;
  readonly #faults: FakeFaults;
  readonly #timers: NodeJS.Timeout[];
  #held: string[] = [];
  #muted = false;

  constructor(answer: ServerResponse, options: FakeWatchOptions, faults: FakeFaults, version: () => number) {
    this.#answer = answer;
    this.#options = options;
    this.#faults = faults;
    answer.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const bookmark = (): void => this.bookmark(version());
    this.#timers = [
      setTimeout(() => this.end(), options.timeoutMs).unref(),
      ...(options.bookmarkMs > 0 ? [setInterval(bookmark, options.bookmarkMs).unref()] : []),
    ];
    answer.on('close', () => this.#timers.forEach(clearTimeout));
  }

  /** Says nothing more, and stays open. */
  mute(): void {
    this.#muted = true;
  }

  /** Ends as a server does that has had enough. */
  end(): void {
    this.#flush();
    if (!this.#muted) this.#answer.end();
  }

  /** Cuts the connection. */
  reset(): void {
    this.#answer.destroy();
  }

  /** Sends bytes that are no frame. */
  garble(): void {
    this.#write('{"type":"MODIF\n');
  }

  /** Sends an ERROR frame and ends. */
  fail(refusal: FakeRefusal): void {
    this.#flush();
    this.#write(frame('ERROR', refusal.status));
    this.end();
  }

  /** Tells the version, when nothing older is held back. */
  bookmark(version: number): void {
    if (this.#held.length > 0) return;
    this.#write(
      frame('BOOKMARK', { metadata: { resourceVersion: String(version), creationTimestamp: null } }),
    );
  }

  /** Shows objects that were there before the watch. */
  initial(objects: readonly KubeObject[]): void {
    for (const object of objects.filter(this.#options.matches)) this.#write(frame('ADDED', object));
  }

  /** Shows a change; an object that leaves the selection is shown as deleted. */
  show({ collection, before, after, object }: Change): void {
    const { collection: mine, matches } = this.#options;
    if (collection !== mine) return;
    const was = before !== undefined && matches(before);
    const is = after !== undefined && matches(after);
    if (!was && !is) return;
    const shown =
      !is && before !== undefined
        ? { ...before, metadata: { ...before.metadata, ...versionOf(object) } }
        : object;
    const line = frame(was ? (is ? 'MODIFIED' : 'DELETED') : 'ADDED', shown);
    this.#send(this.#faults.duplicate ? line + line : line);
  }

  #send(line: string): void {
    if (!this.#faults.reorder && this.#held.length === 0) return this.#write(line);
    this.#held.push(line);
    if (this.#held.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const lines = this.#held.reverse().join('');
    this.#held = [];
    this.#write(lines);
  }

  #write(text: string): void {
    if (!this.#muted && text !== '' && !this.#answer.writableEnded) this.#answer.write(text);
  }
}

const versionOf = ({ metadata: { resourceVersion } }: KubeObject): { resourceVersion?: string } =>
  resourceVersion === undefined ? {} : { resourceVersion };
