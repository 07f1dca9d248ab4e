import { Command, Option } from 'commander';
import { Guard } from '#memory/guard/guard.ts';
import { Journal, journalBeside } from '#memory/guard/journal.ts';
import { openStore } from '#memory/store/open.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { table } from '../table.ts';

interface Common {
  readonly store: string;
  readonly guardFile?: string;
  readonly output: 'table' | 'json';
}

/** `edgeloom memory quarantine`: looks at reports that contradicted the world model, and lets those in that are right. */
export function quarantineCommand(guarded: (work: () => Promise<void>) => Promise<void>): Command {
  const list = common('list', 'reports that are kept aside, the oldest first, and why').action(
    (options: Common) =>
      guarded(() => {
        const { quarantined } = journalOf(options).state;
        const rows = quarantined.map(({ trace, reason }) => ({
          id: trace.id,
          tenant: trace.tenant,
          dag: trace.dag.name,
          reported: new Date(trace.createdMs).toISOString(),
          reason,
        }));
        const text = (): string =>
          table(
            ['TRACE', 'TENANT', 'DAG', 'REPORTED', 'WHY'],
            rows.map(({ id, tenant, dag, reported, reason }) => [id, tenant, dag, reported, reason]),
          );
        process.stdout.write(
          options.output === 'json' ? `${JSON.stringify({ quarantined: rows })}\n` : `${text()}\n`,
        );
        return Promise.resolve();
      }),
  );
  const release = common('release', 'put reports into the memory after all; the planner must not be running')
    .argument('<id...>', 'ids, all 64 digits')
    .action((ids: string[], options: Common) =>
      guarded(async () => {
        const journal = journalOf(options);
        const unknown = ids.find((id) => journal.state.find(id) === undefined);
        if (unknown !== undefined)
          throw new RefusedTrace(
            '',
            `${unknown} is not in quarantine`,
            'list ids with: edgeloom memory quarantine list',
          );
        const store = await openStore(options.store, {});
        try {
          const guard = new Guard(store, { journal });
          for (const id of ids) await guard.release(id);
        } finally {
          await store.close();
        }
        const said =
          options.output === 'json' ? JSON.stringify({ released: ids.length }) : `${ids.length} released`;
        process.stdout.write(`${said}\n`);
      }),
    );
  return new Command('quarantine')
    .summary('reports that contradicted the world model')
    .description(
      'Outcomes that contradicted the world model by more than its calibrated error wait here for a person.',
    )
    .addCommand(list)
    .addCommand(release);
}

function common(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .addOption(
      new Option('--store <where>', 'file of the memory, or bolt://[user:password@]host:port')
        .env('EDGELOOM_MEMORY')
        .makeOptionMandatory(),
    )
    .option('--guard-file <file>', 'the guard’s journal (default: beside the memory’s file)')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
    );
}

/** The journal as it is now. It is not tidied up: a planner may be writing it. */
function journalOf({ store, guardFile }: Common): Journal {
  if (guardFile === undefined && store.includes('://'))
    throw new RefusedTrace(
      '--guard-file',
      'a server keeps no journal',
      'name the file that the planner was given',
    );
  return new Journal(guardFile ?? journalBeside(store), false);
}
