import type { Command } from 'commander';
import { EmbeddedStore } from '#memory/store/embedded/file-store.ts';
import { DamagedMemory } from '#memory/store/errors.ts';
import { openStore } from '#memory/store/open.ts';
import { closing, command, guarded, millis, print, whole } from './common.ts';
import type { Common } from './common.ts';

/** `edgeloom memory gc`. */
export function gcCommand(): Command {
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
