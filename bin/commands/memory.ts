import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMicros } from '#crds/quantity.ts';
import { FORMATS, formatOf, tracesIn } from '#memory/graph/files.ts';
import type { Format } from '#memory/graph/files.ts';
import { toGraphml } from '#memory/graph/graphml.ts';
import { memoryGraph } from '#memory/graph/memory-graph.ts';
import { EmbeddedStore } from '#memory/store/embedded/embedded-store.ts';
import { DamagedMemory, MemoryUnavailable, OtherEncoder, UnknownTenant } from '#memory/store/errors.ts';
import { openStore } from '#memory/store/open.ts';
import type { Filter, Stats, TraceStore } from '#memory/store/trace-store.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { traceJson } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { printInputError } from '../input-error.ts';
import { table } from '../table.ts';
import { quarantineCommand } from './memory-quarantine.ts';

const BAD_INPUT = 2;
/** Traces put at a time by an import. */
const BATCH = 4096;

interface Common {
  readonly store: string;
  readonly output: 'table' | 'json';
}

const millis = (text: string): number => {
  try {
    return durationMicros(text) / 1000;
  } catch {
    throw new InvalidArgumentError('a duration such as 90m or 720h');
  }
};
const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1');
  return value;
};
const real = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number');
  return value;
};

/** `edgeloom memory`: looks at, fills, empties and carries the memory of past deployments. */
export function memoryCommand(): Command {
  return new Command('memory')
    .summary('import, query, count, clean, export and guard the memory of past deployments')
    .description('The memory holds a trace of each deployment: what was placed where, and how it went.')
    .addCommand(importCommand())
    .addCommand(queryCommand())
    .addCommand(statsCommand())
    .addCommand(gcCommand())
    .addCommand(exportCommand())
    .addCommand(quarantineCommand(guarded))
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 bad input (stderr names the file, the line and how to mend it).

Examples:
  edgeloom memory import --store memory.db traces.jsonl
  edgeloom memory stats --store memory.db
  edgeloom memory query --store memory.db --tenant arena --like 3f9c... -k 5
  edgeloom memory gc --store memory.db --ttl 720h --max-per-shard 100000
  edgeloom memory export --store memory.db --tenant arena --to arena.graphml
  edgeloom memory quarantine list --store memory.db`,
    );
}

function command(name: string, summary: string): Command {
  const store = new Option('--store <where>', 'file of the memory, or bolt://[user:password@]host:port')
    .env('EDGELOOM_MEMORY')
    .makeOptionMandatory();
  return new Command(name)
    .summary(summary)
    .description(summary)
    .addOption(store)
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
    );
}

const format = (): Option =>
  new Option('--format <name>', 'by default told by the name of the file').choices(FORMATS);

function importCommand(): Command {
  return command('import', 'put the traces of files into the memory; makes it when it is not there')
    .argument('<file...>', '.jsonl (a trace a line), .json (graphology) or .graphml')
    .addOption(format())
    .addHelpText(
      'after',
      '\nEvery file is read to its end before a trace is written: one bad line, and nothing is.',
    )
    .action((files: string[], options: Common & { format?: Format }) =>
      guarded(async () => {
        const sources = files.map((file) => ({ file, format: options.format ?? formatOf(file) }));
        let first: Trace | undefined;
        for (const { file, format } of sources)
          for await (const trace of tracesIn(file, format)) first ??= trace;
        if (first === undefined) throw new RefusedTrace('', 'the files hold no trace', 'name other files');
        const space = { dimension: first.vector.length, encoderVersion: first.encoderVersion };
        const store = await openStore(options.store, { space });
        return closing(store, async () => {
          let added = 0;
          let known = 0;
          const put = async (traces: Trace[]): Promise<void> => {
            const result = await store.put(traces.splice(0));
            added += result.added;
            known += result.known;
          };
          for (const { file, format } of sources) {
            const traces: Trace[] = [];
            for await (const trace of tracesIn(file, format))
              if (traces.push(trace) === BATCH) await put(traces);
            await put(traces);
          }
          print(options, { added, known }, () => `${added} traces added, ${known} were there already`);
        });
      }),
    );
}

interface QueryOptions extends Common {
  readonly tenant: string;
  readonly like?: string;
  readonly vector?: number[];
  readonly count: number;
  readonly shard?: string;
  readonly slice?: string;
  readonly since?: number;
  readonly minReward?: number;
  readonly own?: boolean;
}

function queryCommand(): Command {
  return command('query', 'the traces nearest to a trace or a vector, as one tenant sees them')
    .requiredOption(
      '--tenant <name>',
      'who asks: sees its own traces and what others share without their metadata',
    )
    .option('--like <id>', 'id of a trace of the tenant, all 64 digits')
    .addOption(
      new Option('--vector <json>', 'a query vector, [0.1, ...]')
        .conflicts('like')
        .argParser((text): number[] => {
          try {
            const value: unknown = JSON.parse(text);
            if (Array.isArray(value) && value.every((x) => typeof x === 'number')) return value;
          } catch {
            // Said below.
          }
          throw new InvalidArgumentError('a JSON list of numbers');
        }),
    )
    .option('-k, --count <n>', 'how many', whole, 5)
    .option('--shard <region>', 'only traces of this region')
    .option('--slice <name>', 'only traces of this slice')
    .option('--since <duration>', 'only traces younger than this', millis)
    .option('--min-reward <n>', 'only traces of at least this realised utility', real)
    .option('--own', 'leave out what other tenants share')
    .action((options: QueryOptions) => guarded(() => query(options)));
}

async function query(options: QueryOptions): Promise<void> {
  const { tenant, like, vector, count, shard, slice, since, minReward, own } = options;
  if (like === undefined && vector === undefined)
    throw new RefusedTrace('', 'nothing to compare with', 'give --like or --vector');
  const store = await openStore(options.store, { readOnly: true });
  await closing(store, async () => {
    const example = like === undefined ? undefined : (await store.get(tenant, [like]))[0];
    if (like !== undefined && example?.tenant !== tenant) {
      throw new RefusedTrace(
        '--like',
        `tenant "${tenant}" has no trace ${like}`,
        'list ids with: edgeloom memory export',
      );
    }
    const { encoderVersion } = await store.stats();
    const filter: Filter = {
      tenant,
      encoderVersion,
      ...(shard === undefined ? {} : { shard }),
      ...(slice === undefined ? {} : { slice }),
      ...(since === undefined ? {} : { sinceMs: Date.now() - since }),
      ...(minReward === undefined ? {} : { minReward }),
      ...(own === undefined ? {} : { ownOnly: own }),
    };
    const hits = await store.knn(example?.vector ?? vector ?? [], count, filter);
    const traces = new Map(
      (
        await store.get(
          tenant,
          hits.map((h) => h.id),
        )
      ).map((t) => [t.id, t]),
    );
    print(options, { hits }, () =>
      table(
        ['TRACE', 'SIMILARITY', 'UTILITY', 'DAG', 'SLICE', 'REGION', 'LATENCY', 'WHOSE'],
        hits.map((h) => {
          const t = traces.get(h.id);
          return [
            h.id.slice(0, 12),
            h.similarity.toFixed(4),
            h.reward.toFixed(4),
            t?.dag.name ?? '',
            t?.slice ?? '',
            t?.region ?? '',
            `${((t?.performance.latencyMicros ?? NaN) / 1000).toFixed(2)} ms`,
            h.own ? 'own' : 'shared',
          ];
        }),
      ),
    );
  });
}

function statsCommand(): Command {
  return command('stats', 'how much the memory holds, by region and tenant').action((options: Common) =>
    guarded(async () => {
      const store = await openStore(options.store, { readOnly: true });
      await closing(store, async () => {
        const stats = await store.stats();
        const plain = {
          ...stats,
          shards: Object.fromEntries(stats.shards),
          tenants: Object.fromEntries(stats.tenants),
        };
        print(options, plain, () => statsText(stats));
      });
    }),
  );
}

function statsText(stats: Stats): string {
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const counts = (head: string, of: ReadonlyMap<string, number>): string =>
    table(
      [head, 'TRACES'],
      [...of].map(([name, n]) => [name, String(n)]),
    );
  return [
    `${stats.traces} traces of ${stats.dimension} numbers by encoder "${stats.encoderVersion}"` +
      (stats.stale > 0 ? `, and ${stats.stale} of another encoder that are not searched` : ''),
    `${mebibytes(stats.diskBytes)} on disk, ${mebibytes(stats.memoryBytes)} in memory`,
    '',
    counts('REGION', stats.shards),
    '',
    counts('TENANT', stats.tenants),
  ].join('\n');
}

function gcCommand(): Command {
  return command('gc', 'remove what is old or least worth keeping; check the file')
    .option('--ttl <duration>', 'traces older than this go', millis)
    .option(
      '--max-per-shard <n>',
      'most traces of a region; the least worth keeping go (utility, age, use)',
      whole,
    )
    .option('--repair', 'build indexes that disagree with their table again')
    .action((options: Common & { ttl?: number; maxPerShard?: number; repair?: boolean }) =>
      guarded(async () => {
        const { ttl, maxPerShard, repair = false } = options;
        // A memory that is not there is not made by cleaning it.
        const store = await openStore(options.store, {});
        await closing(store, async () => {
          const problems = store instanceof EmbeddedStore ? await store.check(repair) : [];
          if (problems.length > 0) {
            throw new DamagedMemory(
              options.store,
              problems.join('; '),
              repair ? 'import a backup into a new file' : 'run gc with --repair',
            );
          }
          const expired = await store.expire({
            nowMs: Date.now(),
            ...(ttl === undefined ? {} : { ttlMs: ttl }),
            ...(maxPerShard === undefined ? {} : { maxPerShard }),
          });
          print(
            options,
            expired,
            () => `${expired.aged} traces were too old, ${expired.evicted} over the limit; the file is sound`,
          );
        });
      }),
    );
}

function exportCommand(): Command {
  return command('export', 'write traces as JSONL, or as a graph')
    .option('--tenant <name>', "only this tenant's; everybody's by default")
    .option('--to <file>', 'standard output by default')
    .addOption(format())
    .addHelpText('after', '\nJSONL is written as it is read; a graph is made in memory first.')
    .action((options: Common & { tenant?: string; to?: string; format?: Format }) =>
      guarded(async () => {
        const format = options.format ?? (options.to === undefined ? 'jsonl' : formatOf(options.to));
        const store = await openStore(options.store, { readOnly: true });
        await closing(store, async () => {
          const { tenants } = await store.stats();
          if (options.tenant !== undefined && !tenants.has(options.tenant))
            throw new UnknownTenant(options.tenant);
          const out = options.to === undefined ? process.stdout : createWriteStream(options.to);
          const write = async (text: string): Promise<void> => {
            if (!out.write(text)) await once(out, 'drain');
          };
          if (format === 'jsonl') {
            for await (const trace of store.export(options.tenant))
              await write(`${JSON.stringify(traceJson(trace))}\n`);
          } else {
            const traces: Trace[] = [];
            for await (const trace of store.export(options.tenant)) traces.push(trace);
            const graph = memoryGraph(traces, Math.max(0, ...traces.map((t) => t.createdMs)));
            await write(format === 'graphml' ? toGraphml(graph) : `${JSON.stringify(graph.export())}\n`);
          }
          if (out !== process.stdout) {
            out.end();
            await finished(out);
          }
        });
      }),
    );
}

async function closing(store: TraceStore, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await store.close();
  }
}

function print(options: Common, document: unknown, text: () => string): void {
  process.stdout.write(options.output === 'json' ? `${JSON.stringify(document)}\n` : `${text()}\n`);
}

/** Exit 2 with one line a problem when the input is at fault; other errors are ours and go up. */
async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const told = [RefusedTrace, DamagedMemory, MemoryUnavailable, OtherEncoder, UnknownTenant];
    if (told.some((kind) => error instanceof kind))
      process.stderr.write(`edgeloom memory: ${(error as Error).message}\n`);
    else if (!printInputError(error)) throw error;
    process.exitCode = BAD_INPUT;
  }
}
