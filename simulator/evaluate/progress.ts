/** How far many runs are. Shares are of the runs still to make; those that were there already count for nothing. */
export class Progress {
  readonly #total: number;
  readonly #running = new Map<unknown, { share: number; events: number }>();
  #ended = 0;
  #events = 0;

  constructor(total: number) {
    this.#total = total;
  }

  update(run: unknown, share: number, events: number): void {
    this.#running.set(run, { share, events });
  }

  end(run: unknown, events: number): void {
    this.#running.delete(run);
    this.#ended++;
    this.#events += events;
  }

  /** Between 0 and 1. */
  get share(): number {
    const running = [...this.#running.values()].reduce((sum, { share }) => sum + share, 0);
    return this.#total === 0 ? 1 : (this.#ended + running) / this.#total;
  }

  /** One line: share done, runs, events/s, time left if all goes on as it did. */
  line(elapsedMs: number): string {
    const events = [...this.#running.values()].reduce((sum, run) => sum + run.events, this.#events);
    const { share } = this;
    const rate = elapsedMs > 0 ? (events / elapsedMs) * 1000 : 0;
    const left = share > 0 ? duration((elapsedMs * (1 - share)) / share) : 'unknown';
    return `${(100 * share).toFixed(0)} %, ${this.#ended} of ${this.#total} runs, ${million(rate)} events/s, ${left} left`;
  }
}

const million = (value: number): string =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : `${(value / 1000).toFixed(0)} k`;

/** `4 s`, `2 min 05 s`, `1 h 10 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Milliseconds before anything is shown, and between two lines on a terminal and in a log. */
const QUIET_MS = 2000;
const TERMINAL_MS = 500;
const LOG_MS = 10_000;

/** Shows a progress line on stderr when the work takes more than 2 s: one that is rewritten on a terminal, one every 10 s elsewhere. */
export function showProgress(progress: Progress, stream: NodeJS.WriteStream): () => void {
  const started = performance.now();
  const terminal = stream.isTTY;
  let shown = terminal ? -Infinity : started + QUIET_MS - LOG_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - started < QUIET_MS || now - shown < (terminal ? 0 : LOG_MS)) return;
    shown = now;
    const line = progress.line(now - started);
    stream.write(terminal ? `\r\u001B[K${line}` : `${line}\n`);
  }, TERMINAL_MS);
  return () => {
    clearInterval(timer);
    if (terminal) stream.write('\r\u001B[K');
  };
}
