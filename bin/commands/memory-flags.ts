import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { durationMicros } from '#crds/quantity.ts';
import type { Transport } from '#kube/transport.ts';
import type { Authenticate } from '#planner/main/reporters.ts';
import type { MemorySettings } from '#planner/main/served-memory.ts';

/** What the command line says of a planner's memory. */
export interface MemoryFlags {
  readonly memory?: string;
  readonly memoryDeadline: number;
  readonly guardFile?: string;
  readonly reporters?: string;
  readonly trust?: string[];
}

const millis = (text: string): number => {
  try {
    return durationMicros(text) / 1000;
  } catch {
    throw new InvalidArgumentError('a duration such as 50ms');
  }
};

const account = (text: string, before: string[] = []): string[] => {
  if (!/^[a-z0-9-]+\/[a-z0-9.-]+$/.test(text))
    throw new InvalidArgumentError('namespace/name of a service account');
  return [...before, text];
};

/** Adds the flags of a planner's memory to a command. */
export function withMemoryFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--memory <where>',
        'memory of past deployments: a file (made when it is not there), or bolt://[user:password@]host:port; none when left out',
      ).env('EDGELOOM_MEMORY'),
    )
    .addOption(
      new Option('--memory-deadline <duration>', 'how long a plan waits for the memory')
        .argParser(millis)
        .default(50, '50ms'),
    )
    .option(
      '--guard-file <file>',
      'where its guard keeps errors and quarantine (default: beside the memory’s file; nowhere for bolt)',
    )
    .addOption(
      new Option(
        '--reporters <file>',
        'who may report outcomes and query: a line TOKEN IDENTITY [TENANT,TENANT...] each',
      ).conflicts('trust'),
    )
    .option(
      '--trust <namespace/name>',
      'service account whose reports the memory takes (TokenReview); may be repeated',
      account,
    );
}

/** The memory that the flags ask for; undefined when they ask for none. Exits 2 when they say what only a memory can do. */
export async function memoryOf(
  flags: MemoryFlags,
  command: Command,
  connect: () => Promise<Transport>,
): Promise<MemorySettings | undefined> {
  const { memory: where, memoryDeadline: deadlineMs, guardFile: journal, reporters, trust } = flags;
  if (where === undefined) {
    const needs = [
      ...(reporters === undefined ? [] : ['--reporters']),
      ...(trust === undefined ? [] : ['--trust']),
      ...(journal === undefined ? [] : ['--guard-file']),
    ];
    if (needs.length > 0)
      command.error(`edgeloom planner: ${needs.join(', ')} needs --memory`, { exitCode: 2 });
    return undefined;
  }
  return { where, deadlineMs, journal, authenticate: await authenticateBy(reporters, trust, connect) };
}

async function authenticateBy(
  reporters: string | undefined,
  trust: readonly string[] | undefined,
  connect: () => Promise<Transport>,
): Promise<Authenticate | undefined> {
  if (reporters !== undefined) return (await import('#planner/main/reporters.ts')).fileReporters(reporters);
  if (trust === undefined) return undefined;
  const { serviceAccountReporters } = await import('#planner/main/service-accounts.ts');
  return serviceAccountReporters(await connect(), trust, () => performance.now());
}
