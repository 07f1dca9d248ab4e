import { Command, InvalidArgumentError, Option } from 'commander';
import { ensureServers } from './build.ts';
import { startDetached, stopDetached } from './detached.ts';
import { showKind, startKind, stopKind } from './kind.ts';
import { readNodeManifests } from './manifests.ts';
import { directoryOf } from './state.ts';
import { clusterStatus, runningClusters, statusTable } from './status.ts';

const DEFAULT_NAME = 'edgeloom';
const DEFAULT_NODES = 40;
const MOST_NODES = 5000;

interface Where {
  readonly name: string;
  readonly provider: 'local' | 'kind';
}
interface Up extends Where {
  readonly nodes?: number;
  readonly file?: string[];
}

/** `edgeloom cluster build|up|status|down`. Results go to stdout, everything else to stderr. */
export function clusterCommand(): Command {
  const cluster = new Command('cluster')
    .description('a local cluster: real Kubernetes servers as plain processes, simulated nodes')
    .addHelpText('after', HELP);
  cluster
    .command('build')
    .description('build the servers from the pinned Go modules into .cache/bin (7 minutes the first time)')
    .action(guarded(() => ensureServers(say)));
  where(cluster.command('up'))
    .description('start a cluster that stays until "down"; prints the path of its kubeconfig')
    .option(
      '--nodes <count>',
      `simulated nodes in three edge regions and a cloud (default: ${DEFAULT_NODES})`,
      count,
    )
    .option('-f, --file <path...>', 'simulate the v1 Nodes of these YAML files or folders instead')
    .action(guarded(up));
  where(cluster.command('status'))
    .description('show each server with its port, process and health, and how many nodes are Ready')
    .addOption(
      new Option('-o, --output <format>', 'how to print it').choices(['table', 'json']).default('table'),
    )
    .action(guarded(status));
  where(cluster.command('down')).description('stop the cluster and remove its files').action(guarded(down));
  return cluster;
}

const HELP = `
Examples:
  edgeloom cluster up                                   40 nodes, ready in a few seconds
  export KUBECONFIG=$(edgeloom cluster up --nodes 200 --name big)
  edgeloom cluster up -f config/samples/nodes.yaml      the nodes of a file, simulated
  edgeloom cluster status --name big
  edgeloom cluster down --name big

Simulated nodes run no containers: pods are scheduled, become Running and can be moved, but serve nothing.
With --provider kind the nodes are containers (needs Docker; see hack/kind/README.md).`;

function where(command: Command): Command {
  return command
    .option('--name <name>', 'which cluster; several can run side by side', clusterName, DEFAULT_NAME)
    .addOption(
      new Option('--provider <provider>', 'processes on this machine, or containers')
        .choices(['local', 'kind'])
        .default('local'),
    );
}

async function up({ name, provider, nodes, file }: Up): Promise<void> {
  const since = performance.now();
  if (nodes !== undefined && file !== undefined) throw new BadInput('--nodes and --file exclude each other');
  if (provider === 'kind') {
    if (nodes !== undefined || file !== undefined) {
      throw new BadInput('a kind cluster has the nodes of hack/kind/cluster.yaml; edit that file instead');
    }
    process.stdout.write(`${await startKind(name)}\n`);
    return;
  }
  const wanted = file === undefined ? (nodes ?? DEFAULT_NODES) : await readNodeManifests(file).catch(refuse);
  const kubeconfig = await startDetached({ name, nodes: wanted }, say);
  const suffix = name === DEFAULT_NAME ? '' : ` --name ${name}`;
  say(
    `cluster "${name}" is up after ${((performance.now() - since) / 1000).toFixed(1)} s; it stays until: edgeloom cluster down${suffix}`,
  );
  process.stdout.write(`${kubeconfig}\n`);
}

async function status({ name, provider, output }: Where & { output: string }): Promise<void> {
  if (provider === 'kind') return showKind(name);
  const found = await clusterStatus(name);
  if (output === 'json')
    process.stdout.write(`${JSON.stringify(found ?? { name, running: false }, null, 2)}\n`);
  else if (found !== undefined) process.stdout.write(`${statusTable(found)}\n`);
  if (found === undefined) say(await absent(name));
  if (found?.healthy !== true) process.exitCode = 1;
}

async function down({ name, provider }: Where): Promise<void> {
  if (provider === 'kind') return stopKind(name);
  say((await stopDetached(name)) ? `cluster "${name}" is stopped` : await absent(name));
}

async function absent(name: string): Promise<string> {
  const others = await runningClusters();
  const rest = others.length > 0 ? `; running: ${others.join(', ')}` : '';
  return `cluster "${name}" does not run${rest}; start it with: edgeloom cluster up`;
}

/** What the person typed cannot be done: exit code 2. */
class BadInput extends Error {
  override readonly name = 'BadInput';
}

function refuse(error: Error): never {
  throw new BadInput(error.message, { cause: error });
}

function clusterName(text: string): string {
  try {
    directoryOf(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= MOST_NODES) return value;
  throw new InvalidArgumentError(`give a whole number from 0 to ${MOST_NODES}.`);
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function guarded<Options>(action: (options: Options) => Promise<void>): (options: Options) => Promise<void> {
  return async (options) => {
    try {
      await action(options);
    } catch (error) {
      say(`edgeloom cluster: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = error instanceof BadInput ? 2 : 1;
    }
  };
}
