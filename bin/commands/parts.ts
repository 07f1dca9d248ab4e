import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createLog } from '#kube/log.ts';
import { untilStopped } from '#kube/main.ts';
import type { Transport } from '#kube/transport.ts';
import { asProber, linksOf, withLinkFlags } from './prober-flags.ts';
import type { LinkFlags } from './prober-flags.ts';
import { printInputError } from '../input-error.ts';
import { memoryOf, withMemoryFlags } from './memory-flags.ts';
import type { MemoryFlags } from './memory-flags.ts';
import { patienceMs, plannerToken, telemetryOf, withTelemetryFlags } from './telemetry-flags.ts';
import type { TelemetryFlags } from './telemetry-flags.ts';

/** The long-running parts (architecture section 6). Each serves /healthz, /readyz and /metrics on its port. */
export function partCommands(): Command[] {
  return [operator(), planner(), agent(), extender(), prober()];
}

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535 (0 takes a free one)');
  }
  return value;
};

function part(name: string, summary: string, defaultPort: number): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary}. Runs until SIGTERM or Ctrl-C; logs are JSON lines on stderr.`)
    .option('--port <number>', 'where /healthz, /readyz and /metrics are served', port, defaultPort);
}

const kubeconfig = (): Option =>
  new Option(
    '--kubeconfig <file>',
    'how to reach the API server (default: $KUBECONFIG, ~/.kube/config, or the pod)',
  );
const namespace = (): Option =>
  new Option('--namespace <name>', 'namespace of the Leases').default('edgeloom-system');
const identity = (): Option =>
  new Option('--identity <name>', 'who holds the Lease').default(
    `${process.env['HOSTNAME'] ?? 'local'}-${process.pid}`,
  );

interface ClusterOptions {
  readonly port: number;
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly identity: string;
}

// Each part is loaded when it is asked for: `edgeloom plan` should not wait for servers it does not run, and the planner
// needs no Kubernetes client, which is most of a part's memory.

async function connect(file: string | undefined): Promise<Transport> {
  const { Transport: Connected } = await import('#kube/transport.ts');
  return Connected.fromKubeConfigFile(file);
}

interface OperatorFlags extends TelemetryFlags, LinkFlags {
  readonly plannerUrl: string;
  /** Milliseconds. */
  readonly window: number;
  readonly xdsPort?: number;
  readonly xdsTls?: string;
  readonly webhookPort?: number;
  readonly webhookTls?: string;
}

function operator(): Command {
  const command = part('operator', 'turns ServiceDAGs into plans, Deployments, Services and status', 8080);
  return withLinkFlags(withTelemetryFlags(command))
    .addOption(kubeconfig())
    .addOption(namespace())
    .addOption(identity())
    .option('--planner-url <url>', 'where the planner answers', 'http://edgeloom-planner:8081')
    .addOption(
      new Option('--window <duration>', 'how long a plan is in force before it is looked over')
        .argParser(patienceMs)
        .default(600_000, '10m'),
    )
    .option('--xds-port <number>', 'where Envoys and gRPC clients are told weights; off when left out', port)
    .option(
      '--xds-tls <folder>',
      'ca.crt, tls.crt and tls.key of the discovery server; clients need certificates of that ca',
    )
    .option(
      '--webhook-port <number>',
      'where the API server asks about objects, by HTTPS; off when left out',
      port,
    )
    .option(
      '--webhook-tls <folder>',
      'tls.crt and tls.key of the webhook; made and registered here when left out',
    )
    .action(async (options: ClusterOptions & OperatorFlags, command: Command) => {
      if (options.webhookTls !== undefined && options.webhookPort === undefined)
        command.error('edgeloom operator: --webhook-tls needs --webhook-port', { exitCode: 2 });
      const { runOperator } = await import('#operator/main.ts');
      const { port: at, window: windowMs, xdsPort, xdsTls, webhookPort, webhookTls, ...given } = options;
      const webhook = webhookPort === undefined ? undefined : { port: webhookPort, tls: webhookTls };
      const xds = xdsPort === undefined ? undefined : { port: xdsPort, ...(await pairIn(xdsTls)) };
      const links = linksOf(options);
      const rest = {
        ...given,
        windowMs,
        xds,
        webhook,
        links,
        plannerTokenFile: plannerToken(options),
        telemetry: await telemetryOf(options, command),
      };
      const transport = await connect(options.kubeconfig);
      await runOperator({ ...rest, port: at, transport, log: createLog('operator'), signal: untilStopped() });
    });
}

/** The files of a mounted TLS Secret. */
async function pairIn(folder: string | undefined): Promise<{ tls?: Record<'ca' | 'cert' | 'key', Buffer> }> {
  if (folder === undefined) return {};
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'tls.crt', 'tls.key'].map((name) => readFile(join(folder, name))),
  );
  if (ca === undefined || cert === undefined || key === undefined) return {};
  return { tls: { ca, cert, key } };
}

function planner(): Command {
  const command = part('planner', 'answers POST /v1/plans with verified plans', 8081).addOption(kubeconfig());
  return withMemoryFlags(command).action(
    async (options: { port: number; kubeconfig?: string } & MemoryFlags, command: Command) => {
      const { runPlanner } = await import('#planner/main/main.ts');
      try {
        const memory = await memoryOf(options, command, () => connect(options.kubeconfig));
        await runPlanner({ port: options.port, log: createLog('planner'), signal: untilStopped(), memory });
      } catch (error) {
        if (!printInputError(error)) throw error;
        process.exitCode = 2;
      }
    },
  );
}

function agent(): Command {
  return part('agent', 'opens the gates of its regions’ pods and pins them to nodes', 8082)
    .addOption(kubeconfig())
    .addOption(namespace())
    .addOption(identity())
    .addOption(new Option('--region <name...>', 'regions to decide for').conflicts('all'))
    .option('--all', 'every EdgeRegion, as they come and go')
    .action(async (options: ClusterOptions & { region?: string[]; all?: boolean }, command: Command) => {
      const regions = options.all === true ? 'all' : options.region;
      if (regions === undefined)
        command.error('edgeloom agent: say --all or --region NAME...', { exitCode: 2 });
      const { runAgents } = await import('#agents/main/agent.ts');
      const transport = await connect(options.kubeconfig);
      await runAgents({ ...options, regions, transport, log: createLog('agent'), signal: untilStopped() });
    });
}

function extender(): Command {
  return part('extender', 'guards kube-scheduler’s choices from memory (filter, prioritize)', 8083)
    .addOption(kubeconfig())
    .action(async (options: { port: number; kubeconfig?: string }) => {
      const { runExtender } = await import('#scheduler-plugin/main.ts');
      const transport = await connect(options.kubeconfig);
      await runExtender({
        port: options.port,
        transport,
        log: createLog('extender'),
        signal: untilStopped(),
      });
    });
}

function prober(): Command {
  return asProber(part('prober', 'measures the way to other nodes, one prober a node', 8084));
}
