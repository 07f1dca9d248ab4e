import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { DURATION, durationMicros } from '#crds/quantity.ts';
import { createLog } from '#kube/log.ts';
import { untilStopped } from '#kube/main.ts';
import type { LinksSettings } from '#operator/controllers/edgeregion/links/part.ts';
import { printInputError } from '../input-error.ts';

interface Flags {
  readonly port: number;
  readonly probePort: number;
  readonly node: string;
  readonly address: string;
  readonly rate: number;
  readonly file?: string[];
  readonly kubeconfig?: string;
}

const address = (text: string): string => {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError('an address of this machine, such as 10.0.0.7 or fd00::7');
};

const probePort = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('a port is a whole number from 1 to 65535, the same for every prober');
};

const rate = (text: string): number => {
  const value = Number(text);
  if (value >= 0.1 && value <= 100) return value;
  throw new InvalidArgumentError('questions per second, from 0.1 to 100');
};

const periodMs = (text: string): number => {
  const ms = DURATION.test(text) ? durationMicros(text) / 1_000 : 0;
  if (ms >= 100 && ms <= 30_000) return ms;
  throw new InvalidArgumentError('a period is from 100ms to 30s');
};

/** What is said of probers on the operator's command line. */
export interface LinkFlags {
  readonly proberPort?: number;
  /** Milliseconds. */
  readonly proberPeriod: number;
}

/** Adds the flags of measured links to the operator. */
export function withLinkFlags(command: Command): Command {
  return command
    .option(
      '--prober-port <number>',
      'where the prober of each node answers; no link is measured when left out',
      probePort,
    )
    .addOption(
      new Option(
        '--prober-period <duration>',
        'how often they are asked; a link that is not measured for 20 periods is stale',
      )
        .argParser(periodMs)
        .default(30_000, '30s'),
    );
}

/** What the flags ask for; undefined when no link is to be measured. */
export const linksOf = ({ proberPort: port, proberPeriod }: LinkFlags): LinksSettings | undefined =>
  port === undefined ? undefined : { port, periodMs: proberPeriod };

/** Makes a command the prober of one node. */
export function asProber(command: Command): Command {
  return command
    .option('--node <name>', 'name of the node it runs on', hostname())
    .option(
      '--address <ip>',
      'where it listens and asks from: the node’s InternalIP (default: everywhere)',
      address,
      '0.0.0.0',
    )
    .option('--probe-port <number>', 'UDP port of probes, the same on every node', probePort, 8085)
    .option('--rate <number>', 'questions per second', rate, 1)
    .addOption(new Option('--kubeconfig <file>', 'how to reach the API server (default: as the other parts)'))
    .addOption(
      new Option(
        '-f, --file <path...>',
        'Node and EdgeRegion objects from files, in the place of a cluster',
      ).conflicts('kubeconfig'),
    )
    .action(async (flags: Flags) => {
      try {
        await probe(flags);
      } catch (error) {
        if (!printInputError(error)) throw error;
        process.exitCode = 2;
      }
    });
}

async function probe({ file, kubeconfig, rate, ...where }: Flags): Promise<void> {
  const { clusterDirectory, fixedDirectory } = await import('#agents/main/prober/directory.ts');
  const { proberMetrics } = await import('#agents/main/prober/metrics.ts');
  const { runProber } = await import('#agents/main/prober/main.ts');
  const log = createLog('prober');
  const metrics = proberMetrics();
  const directory = async () => {
    if (file !== undefined) {
      const { parseFiles } = await import('#crds/parse.ts');
      const { nodes, edgeRegions } = await parseFiles(file);
      return fixedDirectory(nodes, edgeRegions);
    }
    const { Transport } = await import('#kube/transport.ts');
    const transport = await Transport.fromKubeConfigFile(kubeconfig);
    return clusterDirectory(transport, log, (kind, reason) => metrics.restarted(kind, reason));
  };
  await runProber({
    ...where,
    probesPerSecond: rate,
    metrics,
    directory: await directory(),
    log,
    signal: untilStopped(),
  });
}
