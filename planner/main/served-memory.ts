import type { Log } from '#kube/log.ts';
import { Memory } from '../memory/memory.ts';
import { denied } from './callers.ts';
import { memoryRoutes } from './memory-routes.ts';
import type { Authenticate } from './reporters.ts';
import type { ServedMemory } from './server.ts';

/** Which memory a planner serves. */
export interface MemorySettings {
  /** A file, or `bolt://[user:password@]host:port`. */
  readonly where: string;
  /** Where its guard keeps what it learns, when not beside the file. */
  readonly journal?: string | undefined;
  /** Milliseconds that a plan waits for the memory. */
  readonly deadlineMs: number;
  /** Who may report and read; without, nobody may report, and only this machine reads. */
  readonly authenticate?: Authenticate | undefined;
}

/** Counting looks at a whole table: not at every scrape. */
const COUNTED_MS = 60_000;

/** A memory for the planner's server. It is there as soon as it can be opened; until then, and whenever it fails, plans go on without. */
export function serveMemory(
  { authenticate, ...options }: MemorySettings,
  log: Log,
): ServedMemory & { close(): Promise<void> } {
  const clock = (): number => performance.now();
  const memory = new Memory({
    ...options,
    clock,
    onProgress: (done, total, left) =>
      log.info(
        { memory: placeOf(options.where), done, total, left },
        done < total
          ? 'embedding traces of another encoder again'
          : 'embedded traces of another encoder again',
      ),
    onChange: (problem) =>
      problem === undefined
        ? log.info({ memory: placeOf(options.where) }, 'the memory is back')
        : log.warn({ memory: placeOf(options.where), problem }, 'planning goes on without the memory'),
  });
  if (options.journal === undefined && options.where.includes('://'))
    log.warn({ memory: placeOf(options.where) }, 'the guard forgets with this process: name a --guard-file');
  return {
    recallIn: (objects) => memory.recallIn(objects),
    denied: (request, tenant) => denied(request, tenant, authenticate),
    routes(server, metrics) {
      let [count, countedMs] = [NaN, -Infinity];
      metrics.holding(async () => {
        if (memory.problem !== undefined) return NaN;
        if (clock() - countedMs < COUNTED_MS) return count;
        countedMs = clock();
        count = await memory.stats().then(
          ({ traces }) => traces,
          () => NaN,
        );
        return count;
      });
      memoryRoutes(server, { memory, authenticate, metrics, log });
    },
    close: () => memory.close(),
  };
}

/** The memory's place without the password in it. */
function placeOf(where: string): string {
  if (!URL.canParse(where)) return where;
  const { protocol, host } = new URL(where);
  return host === '' ? where : `${protocol}//${host}`;
}
