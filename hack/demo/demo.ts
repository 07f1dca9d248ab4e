/** `make demo`: three real applications placed by Edgeloom on real Kubernetes servers, beside the default scheduler. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { KubePod } from '#crds/node.ts';
import { LABELS } from '#crds/meta.ts';
import { parseFiles } from '#crds/parse.ts';
import { formatMicros, durationMicros } from '#crds/quantity.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Judgement } from '#world/judge.ts';
import { table } from '../../bin/table.ts';
import { startCluster } from '../control-plane/cluster.ts';
import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { kubectl, startParts } from '../parts.ts';
import { judgePods } from './judge-pods.ts';
import { conditionOf, podsOf, readDag, TimedOut, until } from './observe.ts';
import { placeWithDefaultScheduler } from './stock.ts';

const SAMPLES = join(import.meta.dirname, '../../config/samples');
const FILES = ['nodes', 'regions', 'online-boutique', 'mubench-c', 'teastore'].map((name) =>
  join(SAMPLES, `${name}.yaml`),
);
const READY_MS = 60_000;

const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'usage: make demo [ARGS=--keep]\n\nStarts a local cluster (real Kubernetes servers, 40 simulated nodes in 4 regions), places three\n' +
      'applications first with the default scheduler, then with Edgeloom, and compares. Ends by itself;\n--keep leaves everything running until Ctrl-C and prints the kubeconfig.\n',
  );
  process.exit(0);
}

const started = performance.now();
const say = (line: string): void => {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
};

const objects = await parseFiles(FILES);
const dags = objects.serviceDAGs;
const cluster = await startCluster({
  name: `demo-${process.pid}`,
  nodes: objects.nodes.map(({ metadata, spec, status }) => ({
    metadata: { name: metadata.name, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} },
    ...(spec === undefined ? {} : { spec }),
    status: { allocatable: strings(status?.allocatable), capacity: strings(status?.allocatable) },
  })),
  onProgress: say,
});
let failed = 0;
try {
  failed = await demonstrate(cluster);
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  failed = 1;
} finally {
  await cluster.stop(values.keep);
}
process.exit(failed === 0 ? 0 : 1);

function strings(amounts: Readonly<Record<string, string | number>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts ?? {}).map(([name, amount]) => [name, String(amount)]));
}

async function demonstrate(local: LocalCluster): Promise<number> {
  say(`${dags.length} applications with the default scheduler first, for comparison`);
  const stock = await placeWithDefaultScheduler(local, dags);
  const parts = await startParts(local);
  say('operator, planner, agents and extender are ready, each under its own role');
  kubectl(
    local,
    'apply',
    '--server-side',
    '-f',
    join(SAMPLES, 'namespace.yaml'),
    '-f',
    join(SAMPLES, 'regions.yaml'),
  );
  try {
    const applied = performance.now();
    for (const name of ['online-boutique', 'mubench-c', 'teastore']) {
      kubectl(local, 'apply', '--server-side', '-f', join(SAMPLES, `${name}.yaml`));
    }
    say('applied 3 ServiceDAGs; waiting until they are placed');
    const own = new Map<string, KubePod[]>();
    let bound = 0;
    for (const dag of dags) own.set(dag.metadata.name, await boundPods(local, dag));
    bound = performance.now() - applied;
    say(
      `all ${[...own.values()].flat().length} pods are bound, ${(bound / 1000).toFixed(2)} s after the first apply`,
    );
    for (const dag of dags) await untilReady(local, dag);
    say('all ServiceDAGs are Ready\n');
    const ours = judgePods(objects.nodes, objects.edgeRegions, dags, (name) => own.get(name) ?? []);
    const theirs = judgePods(objects.nodes, objects.edgeRegions, dags, (name) => stock.get(name) ?? []);
    for (const dag of dags) process.stdout.write(`${placement(dag, own.get(dag.metadata.name) ?? [])}\n\n`);
    process.stdout.write(`${comparison(ours, theirs)}\n\n`);
    process.stdout.write(
      `Latencies are the world model's for where the pods really are (nodes are simulated: no network is measured).\n` +
        `From the first kubectl apply to the last pod bound: ${(bound / 1000).toFixed(2)} s, kubectl's own start-up included.\n`,
    );
    if (values.keep) await keep(local);
    return 0;
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    process.stderr.write(`demo: ${error.message}\n      logs: ${local.directory}/logs\n`);
    await local.stop(true);
    return 1;
  } finally {
    await parts.stop();
  }
}

async function boundPods(local: LocalCluster, dag: ServiceDAG): Promise<KubePod[]> {
  const wanted = dag.spec.microservices.reduce((sum, m) => sum + m.replicas.min, 0);
  let last = '';
  return until(
    `${dag.metadata.name} is bound`,
    READY_MS,
    async () => {
      const pods = await podsOf(
        local,
        dag.metadata.namespace ?? 'default',
        `${LABELS.dag}=${dag.metadata.name}`,
      );
      const there = pods.filter((pod) => pod.spec.nodeName !== undefined);
      last = `${there.length} of ${wanted} pods are bound`;
      return there.length === wanted ? there : undefined;
    },
    () => last,
  );
}

async function untilReady(local: LocalCluster, dag: ServiceDAG): Promise<void> {
  let last = '';
  await until(
    `${dag.metadata.name} is Ready`,
    READY_MS,
    async () => {
      const now = await readDag(local, dag.metadata.namespace ?? 'default', dag.metadata.name);
      const ready = conditionOf(now, 'Ready');
      last = `Ready=${ready.status}/${ready.reason}: ${ready.message}`;
      return ready.status === 'True' ? true : undefined;
    },
    () => last,
  );
}

function placement(dag: ServiceDAG, pods: readonly KubePod[]): string {
  const region = new Map(
    objects.nodes.map((n) => [n.metadata.name, n.metadata.labels?.[LABELS.region] ?? '']),
  );
  const byNode = new Map<string, string[]>();
  for (const pod of pods.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const node = pod.spec.nodeName ?? '';
    byNode.set(node, [...(byNode.get(node) ?? []), pod.metadata.labels?.[LABELS.microservice] ?? '']);
  }
  const rows = [...byNode]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, names]) => [node, region.get(node) ?? '', names.join(' ')]);
  return `${dag.metadata.name}\n${table(['NODE', 'REGION', 'MICROSERVICES'], rows)}`;
}

function comparison(ours: ReadonlyMap<string, Judgement>, theirs: ReadonlyMap<string, Judgement>): string {
  const rows = dags.map((dag) => {
    const name = dag.metadata.name;
    const limit = durationMicros(dag.spec.qos.maxLatency ?? '1h');
    const mine = ours.get(name)?.predicted.latencyMicros ?? NaN;
    const other = theirs.get(name)?.predicted.latencyMicros ?? NaN;
    const verdict = (micros: number): string =>
      `${formatMicros(micros)} ${micros <= limit ? 'ok' : 'MISSED'}`;
    return [name, formatMicros(limit), verdict(mine), verdict(other), `${(other / mine).toFixed(2)} x`];
  });
  return table(['APPLICATION', 'LIMIT', 'EDGELOOM', 'DEFAULT SCHEDULER', 'TIMES SLOWER'], rows);
}

async function keep(local: LocalCluster): Promise<void> {
  process.stdout.write(
    `\nkept: export KUBECONFIG=${local.kubeconfig}\n      then: kubectl get sdag -A    (Ctrl-C ends it)\n`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
