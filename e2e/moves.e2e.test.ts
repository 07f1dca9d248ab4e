import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubePod } from '#crds/node.ts';
import { reservePort } from '#hack/control-plane/ports.ts';
import { conditionOf, until } from '#hack/demo/observe.ts';
import { ensurePrometheus } from '#hack/prometheus/binary.ts';
import { PrometheusServer } from '#hack/prometheus/server.ts';
import { TEMPLATES } from '#operator/telemetry/templates.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';
import { Exporter } from './exporter.ts';

const ENTRY = 'service/default/app-s0/8080/http';
const WIDE = 'service/default/wide-s0/8080/http';

const freePort = async (): Promise<number> => {
  const reserved = await reservePort();
  await reserved.release();
  return reserved.port;
};

const isReady = (pod: KubePod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** `west` so far from `east`. */
function west(latency: string): EdgeRegion {
  const made = region('west', 'east') as EdgeRegion;
  for (const link of made.spec.topology.links) link.latency = latency;
  return made;
}

/** One service: 10M instructions take 3.3 ms on a node of east, 0.8 ms on that of west. */
function application(name: string, most: number, where?: string): object {
  const ingress = [{ region: 'east', requestsPerSecond: '50', payload: '10Ki' }];
  const app = chain(name, { services: 1, cpu: '1', spec: { ingress } }) as {
    spec: { microservices: { template: { spec: { nodeSelector?: object } } }[] };
  };
  for (const service of app.spec.microservices) {
    Object.assign(service, { work: '10M', replicas: { min: 1, max: most } });
    if (where !== undefined) service.template.spec.nodeSelector = { 'edgeloom.dev/region': where };
  }
  return app;
}

describe('a ServiceDAG that would be better off elsewhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-moves-'));
  const exporter = new Exporter();
  const closes: (() => unknown)[] = [() => exporter.close()];
  /** What its users meet, looked at all the time. */
  const seen = { looks: 0, without: 0, most: 0, unready: [] as string[] };
  let edgeloom: Edgeloom;

  before(async function () {
    this.timeout(900_000);
    const binary = ensurePrometheus((message) => process.stdout.write(`      ${message}\n`));
    const scraped = await freePort();
    await exporter.listen(scraped);
    const prometheus = new PrometheusServer(binary, join(folder, 'prometheus'), await freePort());
    closes.push(() => prometheus.close());
    const queries = join(folder, 'queries.yaml');
    writeFileSync(queries, stringify({ ...TEMPLATES, windowSeconds: 5 }));
    const measures = [
      '--prometheus-url',
      prometheus.url,
      '--telemetry-period',
      '1s',
      '--telemetry-queries',
      queries,
    ];
    edgeloom = await Edgeloom.start('moves', {
      nodes: [
        node('e1', 'east'),
        node('e2', 'east'),
        node('w1', 'west', 4, { annotations: { 'edgeloom.dev/mips-per-cpu': '12000' } }),
      ],
      operator: [...measures, '--replan-after', '3s', '--window', '12s'],
    });
    closes.push(() => edgeloom.stop());
    await edgeloom.apply(region('east'), west('4ms'));
    exporter.clusters.set(ENTRY, { rate: 50, ms: 4 });
    await prometheus.start([`127.0.0.1:${scraped}`]);
    await edgeloom.apply(application('app', 1));
    await edgeloom.condition('app', 'Ready', 'True');
    await edgeloom.condition('app', 'Observed', 'True');
    const stop = new AbortController();
    const watching = watch(stop.signal);
    closes.push(() => {
      stop.abort();
      return watching;
    });
  });
  after(async () => {
    for (const close of closes.reverse()) await close();
    rmSync(folder, { recursive: true });
  });

  async function watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pods = await edgeloom.pods('app');
      seen.looks++;
      seen.most = Math.max(seen.most, pods.length);
      if (!pods.some(isReady)) seen.without++;
      const { status, reason, message } = conditionOf(await edgeloom.dag('app'), 'Ready');
      if (status !== 'True') seen.unready.push(`${reason}: ${message}`);
      await sleep(50);
    }
  }

  /** Waits until its one pod is on a node of these names, and nothing is left of where it was. */
  async function runsOn(nodes: RegExp, why: string): Promise<void> {
    const sinceMs = performance.now();
    const looks = seen.looks;
    await until(`it runs on ${String(nodes)} alone`, 90_000, async () => {
      const pods = await edgeloom.pods('app');
      const deployments = edgeloom.kubectl('get', 'deploy', '-o', 'name').trim().split('\n');
      return pods.length === 1 && deployments.length === 1 && nodes.test(pods[0]?.spec.nodeName ?? '')
        ? true
        : undefined;
    });
    const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1);
    process.stdout.write(`      ${why}: there after ${seconds} s, ${seen.looks - looks} looks on the way\n`);
    assert.deepEqual([seen.without, seen.unready], [0, []], JSON.stringify(seen));
    assert.equal(seen.most, 2);
  }

  it('goes to a faster node when its load has outgrown its own', async () => {
    const [first] = await edgeloom.pods('app');
    assert.match(first?.spec.nodeName ?? '', /^e[12]$/);
    exporter.clusters.set(ENTRY, { rate: 280, ms: 80 });
    assert.match((await edgeloom.condition('app', 'WithinQoS', 'False')).message, /latency: measured \d/);
    const moving = await until('a plan moves it', 45_000, async () => {
      const { name } = (await edgeloom.dag('app')).status?.plan ?? { name: '' };
      const path = `/apis/edgeloom.dev/v1alpha1/namespaces/default/deploymentplans/${name}`;
      const { spec } = await edgeloom.cluster.api.get<DeploymentPlan>(path);
      const all = spec.regions.flatMap(({ assignments }) => assignments);
      return all.find(({ replaces }) => replaces !== undefined);
    });
    const nodes = moving.ranked.map((choice) => choice.node);
    assert.deepEqual([moving.replaces, nodes], [first?.metadata.name, ['w1']]);
    await runsOn(/^w1$/, 'load of 280 requests/s');
    exporter.clusters.set(ENTRY, { rate: 280, ms: 10 });
    await edgeloom.condition('app', 'WithinQoS', 'True');
    assert.match(edgeloom.kubectl('get', 'events', '-A'), /running replicas that move: 1/);
    const metrics = await (await fetch(`${edgeloom.parts.urls.operator}/metrics`)).text();
    assert.match(metrics, /edgeloom_replica_moves_total\{class="Immersive"\} 1/);
  });

  it('comes home with the window in which the load has gone', async () => {
    exporter.clusters.set(ENTRY, { rate: 50, ms: 10 });
    await runsOn(/^e[12]$/, 'load of 50 requests/s');
  });

  it('follows a region that was edited', async () => {
    await edgeloom.apply(west('50us'));
    await runsOn(/^w1$/, 'a link of 50 us');
  });

  it('has more replicas as soon as its load wants them, and fewer after the window', async () => {
    exporter.clusters.set(WIDE, { rate: 50, ms: 4 });
    await edgeloom.apply(application('wide', 3, 'east'));
    await edgeloom.condition('wide', 'Ready', 'True');
    await edgeloom.condition('wide', 'Observed', 'True');
    const has = (count: number): Promise<unknown> =>
      until(`wide has ${count} replicas`, 90_000, async () => {
        const pods = await edgeloom.pods('wide');
        assert.ok(pods.some(isReady), 'nobody takes its calls');
        return pods.length === count && pods.every(isReady) ? true : undefined;
      });
    await has(1);
    // 400 requests/s of 3.3 ms keep 1.3 replicas busy: three are at most 60 % busy.
    exporter.clusters.set(WIDE, { rate: 400, ms: 4 });
    await has(3);
    await until('status says so', 10_000, async () => {
      const { status } = await edgeloom.dag('wide');
      const desired = status?.microservices?.reduce((sum, row) => sum + row.desired, 0);
      return desired === 3 ? true : undefined;
    });
    exporter.clusters.set(WIDE, { rate: 50, ms: 4 });
    await has(1);
    await edgeloom.condition('wide', 'Ready', 'True');
  });
});
