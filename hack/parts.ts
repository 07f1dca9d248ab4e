import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from './control-plane/local-cluster.ts';
import { reservePort } from './control-plane/ports.ts';
import { bundle } from './kind/bundle.ts';
import { registerWebhook } from './register-webhook.ts';
import { lastLines, ProcessGroup } from './control-plane/processes.ts';
import type { Running } from './control-plane/processes.ts';

const ROOT = join(import.meta.dirname, '..');
const NAMESPACE = 'edgeloom-system';
const READY_MS = 20_000;

/** The long-running parts. */
export const PARTS = ['planner', 'operator', 'agents', 'extender'] as const;

/** Name of a part. */
export type PartName = (typeof PARTS)[number];

/** What the parts are to do beside their usual work. */
export interface PartsOptions {
  /** The operator serves the admission webhook, and the API server asks it. */
  readonly webhook?: boolean;
  /** More flags for the operator, and for the planner. */
  readonly operator?: readonly string[];
  readonly planner?: readonly string[];
}

/** Edgeloom as it runs beside a local cluster: one process a part, each under its own role. */
export interface Parts {
  readonly urls: Readonly<Record<PartName, string>>;
  /** Process id of a part that runs. */
  pid(part: PartName): number;
  /** Ends a part at once, as a crash would. */
  kill(part: PartName): Promise<void>;
  /** Starts a part that was killed, on its old port, and waits until it is ready. */
  start(part: PartName): Promise<void>;
  /** Ends all parts. */
  stop(): Promise<void>;
}

/** Runs kubectl against the cluster as its administrator; throws with what it printed when it fails. */
export function kubectl(cluster: LocalCluster, ...args: string[]): string {
  const binary = join(ROOT, '.cache/bin/kubectl');
  const done = spawnSync(binary, ['--kubeconfig', cluster.kubeconfig, ...args], {
    encoding: 'utf8',
    cwd: ROOT,
  });
  if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${done.stderr || String(done.error)}`);
  return done.stdout;
}

/** The same limits as in config/: a part that grows beyond them is a leak. */
const NODE_OPTIONS = ['--max-old-space-size=192', '--max-semi-space-size=2'];
/** As in the image: one malloc arena that is given back, or the compiler's threads keep 40 MB that nobody uses. */
const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

/**
 * Installs the resources and roles (config/overlays/local: everything but running the parts in pods, which simulated nodes
 * cannot do) and starts the parts as processes with the credentials of their service accounts, from a bundle as the image has it.
 */
export async function startParts(
  cluster: LocalCluster,
  { webhook = false, operator = [], planner = [] }: PartsOptions = {},
): Promise<Parts> {
  const program = join(cluster.directory, 'dist');
  const bundled = bundle(program);
  kubectl(cluster, 'apply', '--server-side', '-k', 'config/overlays/local');
  kubectl(
    cluster,
    'wait',
    '--for=condition=Established',
    '--timeout=20s',
    'crd',
    '-l',
    'app.kubernetes.io/name=edgeloom',
  );
  const logs = join(cluster.directory, 'logs');
  await mkdir(logs, { recursive: true });
  const ports = {} as Record<PartName, number>;
  for (const part of PARTS) {
    const reservation = await reservePort();
    await reservation.release();
    ports[part] = reservation.port;
  }
  const urls = Object.fromEntries(PARTS.map((p) => [p, `http://127.0.0.1:${ports[p]}`])) as Record<
    PartName,
    string
  >;
  const account = (name: string): Promise<string> =>
    cluster.kubeconfigForServiceAccount(NAMESPACE, `edgeloom-${name}`);
  const commands: Record<PartName, string[]> = {
    planner: ['planner', '--kubeconfig', await account('planner'), ...planner],
    operator: [
      'operator',
      '--planner-url',
      urls.planner,
      '--kubeconfig',
      await account('operator'),
      ...operator,
    ],
    agents: ['agent', '--all', '--kubeconfig', await account('agents')],
    extender: ['extender', '--kubeconfig', await account('scheduler')],
  };
  if (webhook) {
    const reservation = await reservePort();
    await reservation.release();
    commands.operator.push('--webhook-port', String(reservation.port));
    await registerWebhook(cluster, `https://127.0.0.1:${reservation.port}/validate`);
  }
  await bundled;
  const group = new ProcessGroup(MALLOC);
  const running = new Map<PartName, Running>();
  const start = async (part: PartName): Promise<void> => {
    const command = [process.execPath, ...NODE_OPTIONS, join(program, 'main.mjs')];
    const log = join(logs, `edgeloom-${part}.log`);
    const started = group.start(part, [...command, ...commands[part], '--port', String(ports[part])], log);
    running.set(part, started);
    await untilReady(started, `${urls[part]}/readyz`);
  };
  try {
    await Promise.all(PARTS.map(start));
    await cluster.useScheduler({ extender: { urlPrefix: `${urls.extender}/v1` } });
  } catch (error) {
    await group.close();
    throw error;
  }
  return {
    urls,
    pid: (part) => running.get(part)?.pid ?? 0,
    kill: async (part) => running.get(part)?.kill(),
    start,
    stop: () => group.close(),
  };
}

async function untilReady(part: Running, url: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  let last = 'no answer';
  while (performance.now() < deadline) {
    if (!part.alive) break;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (answer.ok) return;
      last = (await answer.text()).trim();
    } catch {
      last = 'no answer';
    }
    await sleep(50);
  }
  const why = part.alive
    ? `it is not ready after ${READY_MS / 1000} s (${last})`
    : `it ended with ${part.ended}`;
  throw new Error(
    `edgeloom ${part.name} did not start: ${why}; ${part.logFile} ends with\n${lastLines(part.logFile)}`,
  );
}
