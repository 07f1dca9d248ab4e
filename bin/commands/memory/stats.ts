import type { Command } from 'commander';
import { openStore } from '#memory/store/open.ts';
import type { Stats } from '#memory/store/trace-store.ts';
import { table } from '../../table.ts';
import { closing, command, guarded, print } from './common.ts';
import type { Common } from './common.ts';

/** `edgeloom memory stats`. */
export function statsCommand(): Command {
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
      staleText(stats),
    `${mebibytes(stats.diskBytes)} on disk, ${mebibytes(stats.memoryBytes)} in memory`,
    '',
    counts('REGION', stats.shards),
    '',
    counts('TENANT', stats.tenants),
  ].join('\n');
}

function staleText({ stale, embeddable }: Stats): string {
  if (stale === 0) return '';
  const again =
    embeddable === 0 ? 'none of them can be' : `${embeddable} of them are by "edgeloom memory reembed"`;
  return `, and ${stale} of another encoder that are not searched until they are embedded again; ${again}`;
}
