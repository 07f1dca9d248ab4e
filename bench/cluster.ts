/** `make bench-cluster`: the control plane on real servers and simulated nodes. No figure here is network latency. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import { parseFiles } from '#crds/parse.ts';
import { startCluster } from '#hack/control-plane/cluster.ts';
import type { LocalCluster } from '#hack/control-plane/cluster.ts';
import { plainNodes } from '#hack/control-plane/nodes.ts';
import { until } from '#hack/demo/observe.ts';
import { kubectl, startParts } from '#hack/parts.ts';
import type { PartName, Parts } from '#hack/parts.ts';
import { chain, region } from '../e2e/edgeloom.ts';
import { PodWatch } from './pod-watch.ts';
import { figure, median, report, wantsJson } from './report.ts';
import type { Figure } from './report.ts';

const SAMPLES = join(import.meta.dirname, '../config/samples');
const UP_RUNS = 3;
const DEMO_RUNS = 3;
const GATED_RUNS = 3;
const STEADY_MS = 60_000;
const WAIT_MS = 120_000;

const say = (line: string): void => {
  if (!wantsJson()) process.stderr.write(`  ${line}\n`);
};

const allPods = async (cluster: LocalCluster): Promise<KubePod[]> => {
  const list = await cluster.api.get<{ items: KubePod[] }>(
    `/api/v1/pods?labelSelector=${encodeURIComponent(LABELS.dag)}`,
  );
  return list.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
};
const gated = (pod: KubePod): boolean => (pod.spec.schedulingGates ?? []).length > 0;
const bound = (pod: KubePod): boolean => pod.spec.nodeName !== undefined;

async function post(cluster: LocalCluster, ...objects: object[]): Promise<void> {
  for (const object of objects) {
    const { kind } = object as { kind: string };
    const path = kind === 'EdgeRegion' ? 'edgeregions' : 'namespaces/default/servicedags';
    await cluster.api.create(`/apis/edgeloom.dev/v1alpha1/${path}`, object);
  }
}

/** Time to a ready cluster with 40 nodes, seconds. */
async function clusterUp(): Promise<Figure> {
  const seconds: number[] = [];
  for (let run = 0; run < UP_RUNS; run++) {
    const started = performance.now();
    const cluster = await startCluster({ name: `bench-up-${process.pid}`, nodes: 40 });
    seconds.push((performance.now() - started) / 1000);
    await cluster.stop();
    say(`cluster up with 40 nodes: ${seconds.at(-1)?.toFixed(1)} s`);
  }
  return figure('cluster.up.40nodes.p50', median(seconds), 's', '<= 10', UP_RUNS);
}

/** The demo's three applications on the demo's nodes: from the first apply to the last pod bound, seconds. */
async function demoBound(): Promise<Figure> {
  const objects = await parseFiles(
    ['nodes', 'regions', 'online-boutique', 'mubench-c', 'teastore'].map((n) => join(SAMPLES, `${n}.yaml`)),
  );
  const nodes = objects.nodes.map(({ metadata, status }) => {
    const amounts = Object.fromEntries(
      Object.entries(status?.allocatable ?? {}).map(([k, v]) => [k, String(v)]),
    );
    return {
      metadata: {
        name: metadata.name,
        labels: metadata.labels ?? {},
        annotations: metadata.annotations ?? {},
      },
      status: { allocatable: amounts, capacity: amounts },
    };
  });
  const cluster = await startCluster({ name: `bench-demo-${process.pid}`, nodes });
  const seconds: number[] = [];
  try {
    const parts = await startParts(cluster);
    kubectl(
      cluster,
      'apply',
      '--server-side',
      '-f',
      join(SAMPLES, 'namespace.yaml'),
      '-f',
      join(SAMPLES, 'regions.yaml'),
    );
    const wanted = objects.serviceDAGs
      .flatMap((d) => d.spec.microservices)
      .reduce((sum, m) => sum + m.replicas.min, 0);
    for (let run = 0; run < DEMO_RUNS; run++) {
      const started = performance.now();
      for (const name of ['online-boutique', 'mubench-c', 'teastore'])
        kubectl(cluster, 'apply', '--server-side', '-f', join(SAMPLES, `${name}.yaml`));
      await until('the demo is bound', WAIT_MS, async () =>
        (await allPods(cluster)).filter(bound).length === wanted ? true : undefined,
      );
      seconds.push((performance.now() - started) / 1000);
      say(`3 applications, ${wanted} pods: bound after ${seconds.at(-1)?.toFixed(2)} s`);
      kubectl(cluster, 'delete', 'sdag', '-A', '--all', '--wait=true', '--timeout=60s');
      await until('the demo is gone', WAIT_MS, async () =>
        (await allPods(cluster)).length === 0 ? true : undefined,
      );
    }
    await parts.stop();
  } finally {
    await cluster.stop();
  }
  return figure('cluster.demo.bound.p50', median(seconds), 's', '<= 5', DEMO_RUNS);
}

/** 200 gated pods wait while no agent runs; then the agents come: pods per second from the first decision to the last binding. */
async function gatedRate(cluster: LocalCluster, parts: Parts): Promise<Figure> {
  const rates: number[] = [];
  const watch = await PodWatch.open(cluster);
  const count = (pods: readonly KubePod[], test: (pod: KubePod) => boolean): boolean =>
    pods.filter(test).length === 200;
  for (let run = 0; run < GATED_RUNS; run++) {
    await parts.kill('agents');
    const home = (i: number): string => ['north', 'south', 'west'][i % 3] ?? 'north';
    const options = (i: number) => ({ services: 10, replicas: 2, cpu: '200m', ingress: home(i) });
    await post(cluster, ...Array.from({ length: 10 }, (_, i) => chain(`gated-${i}`, options(i))));
    await watch.until('200 pods wait', WAIT_MS, (pods) => count(pods, gated));
    const came = parts.start('agents');
    await watch.until('a pod is decided', WAIT_MS, (pods) => pods.some((pod) => !gated(pod)));
    const from = performance.now();
    await watch.until('200 pods are bound', WAIT_MS, (pods) => count(pods, bound));
    const seconds = (performance.now() - from) / 1000;
    await came;
    rates.push(200 / seconds);
    say(`200 gated pods on 200 nodes: ${seconds.toFixed(2)} s, ${rates.at(-1)?.toFixed(0)} pods/s`);
    kubectl(cluster, 'delete', 'sdag', '--all', '--wait=true', '--timeout=60s');
    await watch.until('they are gone', WAIT_MS, (pods) => pods.length === 0);
  }
  await watch.close();
  return figure('cluster.gated.rate.p50', median(rates), 'pods/s', '>= 100', GATED_RUNS);
}

/** Writes by our service accounts in the audit log since a moment; Lease renewals apart, they are the heartbeat. */
async function writesSince(
  cluster: LocalCluster,
  sinceMs: number,
): Promise<{ writes: string[]; leases: number }> {
  const text = await readFile(join(cluster.directory, 'logs/audit.log'), 'utf8');
  const writes: string[] = [];
  let leases = 0;
  for (const line of text.split('\n')) {
    if (!line.includes('serviceaccount:edgeloom-system')) continue;
    const entry = JSON.parse(line) as {
      verb: string;
      requestReceivedTimestamp: string;
      requestURI: string;
      user: { username: string };
    };
    if (['get', 'list', 'watch'].includes(entry.verb) || Date.parse(entry.requestReceivedTimestamp) < sinceMs)
      continue;
    if (entry.requestURI.includes('/leases')) leases++;
    else writes.push(`${entry.verb} ${entry.requestURI}`);
  }
  return { writes, leases };
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** 50 DAGs on 200 nodes, settled: memory of the parts, and what they write in a minute. */
async function steadyState(cluster: LocalCluster, parts: Parts): Promise<Figure[]> {
  await post(
    cluster,
    ...Array.from({ length: 50 }, (_, i) =>
      chain(`steady-${i}`, {
        services: 3,
        cpu: '100m',
        ingress: ['north', 'south', 'west'][i % 3] ?? 'north',
      }),
    ),
  );
  await until('50 DAGs are placed', WAIT_MS, async () =>
    (await allPods(cluster)).filter(bound).length === 150 ? true : undefined,
  );
  await sleep(5_000);
  const since = Date.now();
  await sleep(STEADY_MS);
  const { writes, leases } = await writesSince(cluster, since);
  for (const write of writes.slice(0, 10)) say(`steady state wrote: ${write}`);
  const megabytes: Partial<Record<PartName, number>> = {};
  for (const part of ['operator', 'agents', 'planner'] as const)
    megabytes[part] = await residentMegabytes(parts.pid(part));
  say(
    `resident: ${Object.entries(megabytes)
      .map(([part, mb]) => `${part} ${mb.toFixed(0)} MB`)
      .join(', ')}`,
  );
  const total = Object.values(megabytes).reduce((a, b) => a + b, 0);
  return [
    figure('cluster.steady.writes', writes.length, 'writes/min', '<= 0', 1),
    figure('cluster.steady.leases', leases, 'writes/min', '', 1),
    figure('cluster.memory.parts', total, 'MB', '<= 400', 1),
  ];
}

const figures = [await clusterUp(), await demoBound()];
const cluster = await startCluster({ name: `bench-${process.pid}`, nodes: plainNodes(200), audit: true });
try {
  const parts = await startParts(cluster);
  await post(
    cluster,
    region('north', 'south'),
    region('south', 'west'),
    region('west', 'north'),
    region('cloud', 'north'),
  );
  figures.push(await gatedRate(cluster, parts), ...(await steadyState(cluster, parts)));
  await parts.stop();
} finally {
  await cluster.stop();
}
report('cluster', figures);
