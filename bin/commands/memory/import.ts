import type { Command } from 'commander';
import { formatOf, tracesIn } from '#memory/graph/files.ts';
import type { Format } from '#memory/graph/files.ts';
import { OtherEncoder } from '#memory/store/errors.ts';
import { openStore } from '#memory/store/open.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { closing, command, format as formatOption, guarded, print } from './common.ts';
import type { Common } from './common.ts';
import { keptSpace, shippedEncoder } from './encoder.ts';

/** Traces put at a time. */
const BATCH = 4096;

interface Source {
  readonly file: string;
  readonly format: Format;
}

/** `edgeloom memory import`. */
export function importCommand(): Command {
  return command('import', 'put the traces of files into the memory; makes it when it is not there')
    .argument('<file...>', '.jsonl (a trace a line), .json (graphology) or .graphml')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nEvery file is read to its end before a trace is written: one bad line, and nothing is. Traces of several encoders are embedded ' +
        'with that of this program; those that do not keep what it looks at are left out, and counted.',
    )
    .action((files: string[], options: Common & { format?: Format }) =>
      guarded(() =>
        importAll(
          files.map((file) => ({ file, format: options.format ?? formatOf(file) })),
          options,
        ),
      ),
    );
}

async function importAll(sources: readonly Source[], options: Common): Promise<void> {
  const kept = await keptSpace(options.store);
  const versions = new Set(kept === undefined ? [] : [kept.encoderVersion]);
  let first: Trace | undefined;
  let keepsContext = false;
  for (const { file, format } of sources) {
    for await (const trace of tracesIn(file, format)) {
      first ??= trace;
      versions.add(trace.encoderVersion);
      keepsContext ||= trace.context !== undefined;
    }
  }
  if (first === undefined) throw new RefusedTrace('', 'the files hold no trace', 'name other files');
  const space = { dimension: first.vector.length, encoderVersion: first.encoderVersion };
  // Of one encoder all can be compared as they are.
  const encoder = versions.size === 1 ? undefined : await shippedEncoder();
  const target = encoder?.options.space.encoderVersion ?? first.encoderVersion;
  if (encoder !== undefined && !keepsContext && !versions.has(target))
    throw new OtherEncoder(`trace ${first.id}`, first.encoderVersion, kept?.encoderVersion ?? target);
  const store = await openStore(options.store, encoder?.options ?? { space });
  await closing(store, async () => {
    const total = { added: 0, known: 0, reembedded: 0, left: 0 };
    const put = async (traces: Trace[]): Promise<void> => {
      const fit = traces.filter((t) => t.encoderVersion === target || t.context !== undefined);
      const { added, known, reembedded } = await store.put(fit);
      total.added += added;
      total.known += known;
      total.reembedded += reembedded;
      total.left += traces.splice(0).length - fit.length;
    };
    for (const { file, format } of sources) {
      const traces: Trace[] = [];
      for await (const trace of tracesIn(file, format)) if (traces.push(trace) === BATCH) await put(traces);
      await put(traces);
    }
    await store.settled();
    print(options, total, () =>
      [
        `${total.added} traces added, ${total.known} were there already`,
        ...(total.reembedded > 0 ? [`${total.reembedded} of another encoder were embedded again`] : []),
        ...(total.left > 0 ? [`${total.left} of another encoder could not be, and are left out`] : []),
      ].join('; '),
    );
  });
  await encoder?.done();
}
