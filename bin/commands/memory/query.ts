import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { openStore } from '#memory/store/open.ts';
import type { Filter } from '#memory/store/trace-store.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { table } from '../../table.ts';
import { closing, command, guarded, millis, print, real, whole } from './common.ts';
import type { Common } from './common.ts';

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

/** `edgeloom memory query`. */
export function queryCommand(): Command {
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
