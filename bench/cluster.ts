import { join } from 'node:path';
import { parseFiles } from '#crds/parse.ts';
import { startCluster } from '#hack/control-plane/cluster.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { plainNodes } from '#hack/control-plane/nodes.ts';
import { until } from '#hack/demo/observe.ts';
import { kubectl, startParts } from '#hack/parts.ts';
import type { Parts } from '#hack/parts.ts';
import { region } from '../e2e/edgeloom.ts';
import { sectionsAsked } from './arguments.ts';
import { LOADS, gatedRate } from './cluster/gated-rate.ts';
import { WAIT_MS, allPods, bound, post, say } from './cluster/load.ts';
import { steadyState } from './cluster/steady-state.ts';
import { figure, median, report } from './report.ts';
import type { Figure } from './report.ts';

sectionsAsked({
  name: 'cluster',
  about: 'The control plane on real servers and simulated nodes. No figure here is network latency.',
});
const SAMPLES = join(import.meta.dirname, '../config/samples');
const UP_RUNS = 3;
const DEMO_RUNS = 3;

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

/** A cluster of 200 nodes in four regions with the parts beside it, for the time of `measure`. */
async function with200Nodes(
  audit: boolean,
  measure: (cluster: LocalCluster, parts: Parts) => Promise<Figure[]>,
): Promise<Figure[]> {
  const cluster = await startCluster({ name: `bench-${process.pid}`, nodes: plainNodes(200), audit });
  try {
    const parts = await startParts(cluster);
    await post(
      cluster,
      region('north', 'south'),
      region('south', 'west'),
      region('west', 'north'),
      region('cloud', 'north'),
    );
    const figures = await measure(cluster, parts);
    await parts.stop();
    return figures;
  } finally {
    await cluster.stop();
  }
}

const gatedRates = async (cluster: LocalCluster, parts: Parts): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const load of LOADS) figures.push(...(await gatedRate(cluster, parts, load)));
  return figures;
};

report('cluster', [
  await clusterUp(),
  await demoBound(),
  ...(await with200Nodes(false, gatedRates)),
  // Only here are writes counted, from the audit log.
  ...(await with200Nodes(true, steadyState)),
]);
