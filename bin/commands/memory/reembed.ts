import type { Command } from 'commander';
import { openStore } from '#memory/store/open.ts';
import { closing, command, guarded, print } from './common.ts';
import type { Common } from './common.ts';
import { keptSpace, shippedEncoder } from './encoder.ts';
import { MemoryUnavailable } from '#memory/store/errors.ts';

/** `edgeloom memory reembed`. */
export function reembedCommand(): Command {
  return command('reembed', 'embed traces of another encoder with that of this program')
    .addHelpText(
      'after',
      '\nA planner does the same in the background. Traces that do not keep what an encoder looks at stay, and are not searched.',
    )
    .action((options: Common) =>
      guarded(async () => {
        if ((await keptSpace(options.store)) === undefined)
          throw new MemoryUnavailable(`${options.store}: no such memory; import traces to make one`);
        const encoder = await shippedEncoder();
        const store = await openStore(options.store, encoder.options);
        await closing(store, async () => {
          const before = await store.stats();
          await store.settled();
          const { traces, stale } = await store.stats();
          const embedded = before.stale - stale;
          print(
            options,
            { embedded, traces, stale },
            () => `${embedded} traces embedded again, ${traces} are searched, ${stale} stay as they are`,
          );
        });
        await encoder.done();
      }),
    );
}
