import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { formatOf } from '#memory/graph/files.ts';
import type { Format } from '#memory/graph/files.ts';
import { toGraphml } from '#memory/graph/graphml.ts';
import { memoryGraph } from '#memory/graph/memory-graph.ts';
import { UnknownTenant } from '#memory/store/errors.ts';
import { openStore } from '#memory/store/open.ts';
import { traceJson } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { closing, command, format as formatOption, guarded } from './common.ts';
import type { Common } from './common.ts';

/** `edgeloom memory export`. */
export function exportCommand(): Command {
  return command('export', 'write traces as JSONL, or as a graph')
    .option('--tenant <name>', "only this tenant's; everybody's by default")
    .option('--to <file>', 'standard output by default')
    .addOption(formatOption())
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
