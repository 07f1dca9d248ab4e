import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { reservePort } from '#hack/control-plane/ports.ts';
import { ProcessGroup } from '#hack/control-plane/processes.ts';
import { EchoServers } from '#hack/data-plane/echo.ts';
import { load } from '#hack/data-plane/load.ts';
import { until } from '#hack/demo/observe.ts';
import { ensurePrometheus } from '#hack/prometheus/binary.ts';
import { PrometheusServer } from '#hack/prometheus/server.ts';
import { PrometheusSource } from '#operator/telemetry/prometheus.ts';
import { TEMPLATES } from '#operator/telemetry/templates.ts';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';
import { Exporter } from './exporter.ts';

const ENVOY = join(import.meta.dirname, '../.cache/envoy/envoy/_bin/envoy');
const SHORT = { ...TEMPLATES, windowSeconds: 5 };

const freePort = async (): Promise<number> => {
  const reserved = await reservePort();
  await reserved.release();
  return reserved.port;
};

describe('measurements of a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-prometheus-'));
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

  it('are those of a stock Envoy, by the names of our clusters', async () => {
    if (!existsSync(ENVOY)) {
      process.stdout.write('      no Envoy in .cache/envoy: make demo-routing brings it\n');
      return;
    }
    const names = ['default/shop-front-to-back-massive/near', 'service/default/shop-back-in-far/80/http'];
    const echoes = new EchoServers();
    closes.push(() => echoes.close());
    const [near, far, listener, admin] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    await echoes.open('near', '127.0.0.1', near);
    await echoes.open('far', '127.0.0.1', far);
    echoes.delays.set('far', 30);
    const at = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });
    const clusters = names.map((name, i) => ({
      name,
      type: 'STATIC',
      connect_timeout: '1s',
      load_assignment: {
        cluster_name: name,
        endpoints: [{ lb_endpoints: [{ endpoint: { address: at(i === 0 ? near : far) } }] }],
      },
    }));
    const split = [75, 25].map((weight, i) => ({ name: names[i], weight }));
    const manager = {
      '@type':
        'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: 'split',
      route_config: {
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { weighted_clusters: { clusters: split } } }],
          },
        ],
      },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    };
    const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
    const bootstrap = {
      admin: { address: at(admin) },
      static_resources: {
        clusters,
        listeners: [{ name: 'in', address: at(listener), filter_chains: [{ filters }] }],
      },
    };
    writeFileSync(join(folder, 'envoy.json'), JSON.stringify(bootstrap));
    const group = new ProcessGroup();
    closes.push(() => group.close());
    const flags = [
      '-c',
      join(folder, 'envoy.json'),
      '--concurrency',
      '1',
      '--base-id',
      '11',
      '--log-level',
      'warn',
    ];
    group.start('envoy', [ENVOY, ...flags], join(folder, 'envoy.log'));
    const prometheus = new PrometheusServer(binary, join(folder, 'envoy-prometheus'), await freePort());
    closes.push(() => prometheus.close());
    await prometheus.start([`127.0.0.1:${admin}`], '/stats/prometheus');
    const source = new PrometheusSource({
      url: prometheus.url,
      templates: { ...TEMPLATES, windowSeconds: 30 },
      nowMs: () => Date.now(),
    });
    const origin = `http://127.0.0.1:${listener}`;
    await until('Envoy answers', 20_000, () => load(origin, 'x', { requests: 8 }).then(() => true as const, () => undefined)); // prettier-ignore
    const read = () => source.read({ mesh: false }, new AbortController().signal);
    // What was counted before the first scrape is no increase.
    await until('Prometheus knows both clusters', 20_000, async () => {
      const { figures } = await read();
      return names.every((name) => figures.has(`Envoy ${name}`)) ? true : undefined;
    });
    const seen = await load(origin, 'x', { requests: 4_000 });
    await sleep(6_000); // Envoy hands its histograms over every 5 s
    const { figures, rejected } = await read();
    const [a, b] = names.map((name) => figures.get(`Envoy ${name}`));
    assert(a !== undefined && b !== undefined, [...figures.keys()].join());
    const counted = (seen.byRegion.get('near') ?? 0) / (seen.byRegion.get('far') ?? 1);
    // The same requests, extrapolated alike to the ends of the window: the proportion is that of the client's own counts.
    assert.ok(
      Math.abs(a.rate / b.rate / counted - 1) < 0.02,
      `${a.rate} and ${b.rate} are not 1 to ${counted}`,
    );
    assert.ok((b.meanMicros ?? 0) > 30_000 && (b.meanMicros ?? 0) < 200_000, `mean ${b.meanMicros}`);
    assert.ok((a.meanMicros ?? 1e9) < (b.meanMicros ?? 0) && (b.p99Micros ?? 0) >= 25_000);
    assert.deepEqual([a.errorRate, b.errorRate, rejected], [0, 0, 0]);
    process.stdout.write(
      `      ${a.rate.toFixed(1)}/s in ${a.meanMicros?.toFixed(0)} us, ${b.rate.toFixed(1)}/s in ${b.meanMicros?.toFixed(0)} us\n`,
    );
  });

  it('reach status, grow old when Prometheus is killed without a storm of writes, and come back', async () => {
    const exporter = new Exporter();
    closes.push(() => exporter.close());
    const scraped = await freePort();
    await exporter.listen(scraped);
    const prometheus = new PrometheusServer(binary, join(folder, 'prometheus'), await freePort());
    closes.push(() => prometheus.close());
    const queries = join(folder, 'queries.yaml');
    writeFileSync(queries, stringify(SHORT));
    const asks = [
      '--prometheus-url',
      prometheus.url,
      '--telemetry-period',
      '1s',
      '--telemetry-queries',
      queries,
    ];
    const [token, reporters] = [join(folder, 'token'), join(folder, 'reporters')];
    writeFileSync(token, 'a-token-of-the-story\n');
    writeFileSync(reporters, 'a-token-of-the-story operator\n');
    const edgeloom = await Edgeloom.start('telemetry', {
      nodes: [node('e1', 'east'), node('w1', 'west')],
      operator: [...asks, '--planner-token-file', token],
      planner: ['--memory', join(folder, 'memory.db'), '--reporters', reporters],
    });
    closes.push(() => edgeloom.stop());
    await edgeloom.apply(region('east'), region('west', 'east'));
    const app = (more: object = {}): object =>
      chain('app', {
        services: 2,
        spec: { ingress: [{ region: 'east', requestsPerSecond: '50', payload: '10Ki' }], ...more },
      });
    await edgeloom.apply(app());
    await edgeloom.condition('app', 'Ready', 'True');
    await edgeloom.condition('app', 'Routed', 'True');
    // Nobody is there yet: that is said, and nothing else is wrong.
    assert.match((await edgeloom.condition('app', 'Observed', 'Unknown')).reason, /^SourceUnreachable$/);
    const [edge] = (await edgeloom.dag('app')).status?.edges ?? [];
    const groups = edge?.weights?.map(({ backend }) => backend) ?? [];
    exporter.clusters.set('service/default/app-s0/8080/http', { rate: 80, ms: 12 });
    for (const group of groups)
      exporter.clusters.set(`default/app-s0-to-s1-immersive/${group}`, { rate: 80 / groups.length, ms: 4 });
    await prometheus.start([`127.0.0.1:${scraped}`]);
    const said = await until('everything is measured', 30_000, async () => {
      const { message } = await edgeloom.condition('app', 'Observed', 'True');
      return message.startsWith('the entry and 1 of 1 edges are measured') ? message : undefined;
    });
    assert.match(said, /; plans count on \d+\.?\d* requests\/s from east \(50 declared\)$/);
    const dag = await until('status is complete', 20_000, async () => {
      const seen = await edgeloom.dag('app');
      const shares = seen.status?.edges?.[0]?.weights?.every(({ observedPpm }) => observedPpm !== undefined);
      return shares === true && seen.status?.observed?.latencyMicros !== undefined ? seen : undefined;
    });
    assert.ok(
      Math.abs((dag.status?.observed?.latencyMicros ?? 0) - 12_000) < 200,
      JSON.stringify(dag.status?.observed),
    );
    assert.equal(dag.status?.observed?.successPpm, 1_000_000);
    assert.equal((await edgeloom.condition('app', 'WithinQoS', 'True')).reason, 'Observed');
    const plan = (name: string): Promise<DeploymentPlan> =>
      edgeloom.cluster.api.get<DeploymentPlan>(
        `/apis/edgeloom.dev/v1alpha1/namespaces/default/deploymentplans/${name}`,
      );
    await until('the plan has an outcome', 20_000, async () =>
      (await plan('app-1')).status?.realised?.latencyMicros === undefined ? undefined : true,
    );
    await until('the region has a drift', 20_000, async () =>
      (await edgeloom.region('east')).status?.driftPpm === undefined ? undefined : true,
    );

    const board = await readFile(join(import.meta.dirname, '../config/grafana/edgeloom.json'), 'utf8');
    const { panels } = JSON.parse(board) as { panels: { targets: { expr: string }[] }[] };
    for (const { expr } of panels.flatMap(({ targets }) => targets)) {
      const query = encodeURIComponent(expr.replaceAll('$__rate_interval', '1m'));
      const answer = await fetch(`${prometheus.url}/api/v1/query?query=${query}`);
      assert.equal(answer.status, 200, expr);
    }
    const install = ['apply', '--server-side', '--dry-run=server', '--force-conflicts', '-k'];
    assert.match(
      edgeloom.kubectl(...install, 'config/overlays/telemetry'),
      /deployment\.apps\/edgeloom-prometheus/,
    );

    await prometheus.kill();
    const lost = await edgeloom.condition('app', 'Observed', 'Unknown');
    assert.match(`${lost.reason}: ${lost.message}`, /^SourceUnreachable: .*ECONNREFUSED.*; last measured 20/);
    await until('limits are judged by the prediction', 10_000, async () =>
      (await edgeloom.condition('app', 'WithinQoS', 'True')).reason === 'Predicted' ? true : undefined,
    );
    await sleep(2_000);
    const versions = async (): Promise<unknown> => [
      ((await edgeloom.dag('app')).metadata as { resourceVersion?: string }).resourceVersion,
      ((await plan('app-1')).metadata as { resourceVersion?: string }).resourceVersion,
    ];
    const before = await versions();
    assert.ok(((await edgeloom.dag('app')).status?.observed?.latencyMicros ?? 0) > 0);
    await sleep(8_000);
    assert.deepEqual(await versions(), before);

    await prometheus.start([`127.0.0.1:${scraped}`]);
    await edgeloom.condition('app', 'Observed', 'True');
    await until('limits are judged by what is measured', 20_000, async () =>
      (await edgeloom.condition('app', 'WithinQoS', 'True')).reason === 'Observed' ? true : undefined,
    );

    // Another spec, another plan: what the first one came to is offered to the planner's memory.
    await edgeloom.apply(app({ qos: { maxLatency: '60ms' } }));
    const told = await until('the outcome is offered', 30_000, async () =>
      (await plan('app-1')).status?.conditions?.find(({ type }) => type === 'Reported'),
    );
    assert.match(`${told.reason}: ${told.message}`, /^(Stored|Quarantined): the planner's memory/);
    process.stdout.write(`      Reported ${told.status} ${told.reason}: ${told.message}\n`);
  });
});
