import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubePod } from '#crds/node.ts';
import { LABELS } from '#crds/meta.ts';
import { reservePort } from '#hack/control-plane/ports.ts';
import { conditionOf, until } from '#hack/demo/observe.ts';
import { ensurePrometheus } from '#hack/prometheus/binary.ts';
import { PrometheusServer } from '#hack/prometheus/server.ts';
import { TEMPLATES } from '#operator/telemetry/templates.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';
import { Exporter } from './exporter.ts';

const freePort = async (): Promise<number> => {
  const reserved = await reservePort();
  await reserved.release();
  return reserved.port;
};

const isReady = (pod: KubePod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

describe('a ServiceDAG whose load outgrows its node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-moves-'));
  const closes: (() => unknown)[] = [];
  let binary = '';
  before(function () {
    this.timeout(900_000);
    binary = ensurePrometheus((message) => process.stdout.write(`      ${message}\n`));
  });
  after(async () => {
    for (const close of closes.reverse()) await close();
    rmSync(folder, { recursive: true });
  });

  it('moves to a faster one, and is never without a replica that takes its calls', async () => {
    const exporter = new Exporter();
    closes.push(() => exporter.close());
    const scraped = await freePort();
    await exporter.listen(scraped);
    const prometheus = new PrometheusServer(binary, join(folder, 'prometheus'), await freePort());
    closes.push(() => prometheus.close());
    const queries = join(folder, 'queries.yaml');
    writeFileSync(queries, stringify({ ...TEMPLATES, windowSeconds: 5 }));
    const asks = [
      '--prometheus-url',
      prometheus.url,
      '--telemetry-period',
      '1s',
      '--telemetry-queries',
      queries,
    ];
    const fast = { annotations: { 'edgeloom.dev/mips-per-cpu': '12000' } };
    const edgeloom = await Edgeloom.start('moves', {
      nodes: [node('e1', 'east'), node('e2', 'east'), node('w1', 'west', 4, fast)],
      operator: [...asks, '--replan-after', '3s'],
    });
    closes.push(() => edgeloom.stop());
    const west = region('west', 'east') as EdgeRegion;
    for (const link of west.spec.topology.links) link.latency = '4ms';
    await edgeloom.apply(region('east'), west);
    // 10M instructions take 3.3 ms here and 0.8 ms over there, behind 4 ms of way.
    const app = chain('app', { services: 1, cpu: '1' }) as {
      spec: { ingress: object[]; microservices: object[] };
    };
    app.spec.ingress = [{ region: 'east', requestsPerSecond: '50', payload: '10Ki' }];
    Object.assign(app.spec.microservices[0] ?? {}, { work: '10M' });
    await edgeloom.apply(app);
    await edgeloom.condition('app', 'Ready', 'True');
    const [first] = await edgeloom.pods('app');
    assert.match(first?.spec.nodeName ?? '', /^e[12]$/);
    const entry = 'service/default/app-s0/8080/http';
    exporter.clusters.set(entry, { rate: 50, ms: 4 });
    await prometheus.start([`127.0.0.1:${scraped}`]);
    await edgeloom.condition('app', 'Observed', 'True');
    await sleep(5_000);
    assert.deepEqual(
      (await edgeloom.pods('app')).map(({ metadata }) => metadata.name),
      [first?.metadata.name],
    );

    // From now on until the end: what do its users meet?
    const seen = { looks: 0, without: 0, most: 0, unready: [] as string[] };
    const watching = new AbortController();
    const watched = (async () => {
      while (!watching.signal.aborted) {
        const pods = await edgeloom.pods('app');
        const ready = pods.filter(isReady).length;
        seen.looks++;
        seen.most = Math.max(seen.most, pods.length);
        if (ready === 0) seen.without++;
        const { status, reason } = conditionOf(await edgeloom.dag('app'), 'Placed');
        if (status !== 'True') seen.unready.push(reason);
        await sleep(50);
      }
    })();
    exporter.clusters.set(entry, { rate: 280, ms: 80 });
    const beganMs = performance.now();
    assert.match((await edgeloom.condition('app', 'WithinQoS', 'False')).message, /latency: measured \d/);
    const plan = await until('a plan moves it', 45_000, async () => {
      const { name } = (await edgeloom.dag('app')).status?.plan ?? { name: '' };
      const path = `/apis/edgeloom.dev/v1alpha1/namespaces/default/deploymentplans/${name}`;
      const found = await edgeloom.cluster.api.get<DeploymentPlan>(path);
      const all = found.spec.regions.flatMap(({ assignments }) => assignments);
      return all.some(({ replaces }) => replaces !== undefined) ? found : undefined;
    });
    const planned = performance.now() - beganMs;
    const [assignment] = plan.spec.regions.flatMap(({ assignments }) => assignments);
    assert.deepEqual(
      [assignment?.replaces, assignment?.ranked.map((r) => r.node)],
      [first?.metadata.name, ['w1']],
    );
    const moved = await until('only the new replica is left', 45_000, async () => {
      const pods = await edgeloom.pods('app');
      return pods.length === 1 && pods[0]?.metadata.name !== first?.metadata.name ? pods[0] : undefined;
    });
    process.stdout.write(
      `      planned after ${(planned / 1000).toFixed(1)} s, moved after ${((performance.now() - beganMs) / 1000).toFixed(1)} s; ${seen.looks} looks, ${seen.without} without a replica\n`,
    );
    assert.deepEqual([moved.spec.nodeName, moved.metadata.labels?.[LABELS.region]], ['w1', 'west']);
    exporter.clusters.set(entry, { rate: 280, ms: 7 });
    await edgeloom.condition('app', 'WithinQoS', 'True');
    assert.match((await edgeloom.condition('app', 'Ready', 'True')).reason, /^Running$/);
    watching.abort();
    await watched;
    assert.deepEqual([seen.without, seen.unready], [0, []], JSON.stringify(seen));
    assert.equal(seen.most, 2);
    assert.match(edgeloom.kubectl('get', 'events', '-A'), /running replicas that move: 1/);
    const metrics = await (await fetch(`${edgeloom.parts.urls.operator}/metrics`)).text();
    assert.match(metrics, /edgeloom_replica_moves_total\{class="Immersive"\} 1/);
    assert.equal(edgeloom.kubectl('get', 'deploy', '-o', 'name').trim(), 'deployment.apps/app-s0-west');
  });
});
