import { execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MODULES } from './paths.ts';
import { directoryOf } from './state.ts';

const run = promisify(execFile);
const CONFIG = join(MODULES, '../kind/cluster.yaml');

/** Creates a kind cluster as `hack/kind/cluster.yaml` says and returns its kubeconfig's path. Needs Docker. */
export async function startKind(name: string): Promise<string> {
  await check();
  const kubeconfig = kubeconfigOf(name);
  await mkdir(dirname(kubeconfig), { recursive: true });
  await shown('kind', ['create', 'cluster', '--name', name, '--config', CONFIG, '--kubeconfig', kubeconfig]);
  return kubeconfig;
}

/** Deletes a kind cluster. */
export async function stopKind(name: string): Promise<void> {
  await check();
  await shown('kind', ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfigOf(name)]);
}

/** Shows the containers and nodes of a kind cluster. */
export async function showKind(name: string): Promise<void> {
  await check();
  await shown('docker', ['ps', '--filter', `label=io.x-k8s.kind.cluster=${name}`]);
  await shown('kubectl', ['--kubeconfig', kubeconfigOf(name), 'get', 'nodes', '-o', 'wide']);
}

const kubeconfigOf = (name: string): string => join(directoryOf(`kind-${name}`), 'kubeconfig');

async function check(): Promise<void> {
  const instead = 'or leave --provider out: the local cluster needs no containers';
  await run('docker', ['info']).catch(() => {
    throw new Error(`Docker does not answer: start it and see that "docker info" works, ${instead}`);
  });
  await run('kind', ['version']).catch(() => {
    throw new Error(
      `kind is missing: install kind 0.30 or newer and see that "kind version" works, ${instead}`,
    );
  });
}

/** Runs a command whose output people see; all of it on stderr, stdout being for results. */
async function shown(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, [...args], { stdio: ['ignore', 2, 2] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} failed with exit code ${code}; see above`);
}
