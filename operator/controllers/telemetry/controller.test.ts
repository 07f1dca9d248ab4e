import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { givenDag } from '../../given.ts';
import { EDGEREGION, SERVICEDAG } from '../../kinds.ts';
import type { CachedDag, CachedPlan, CachedRegion } from '../../objects.ts';
import { Stage } from '../../stage.ts';
import { FakePrometheus } from '../../telemetry/fake-prometheus.ts';
import { PrometheusSource } from '../../telemetry/prometheus.ts';

/** Everything happens three hundred times sooner than in a cluster. */
const PERIOD_MS = 50;
const WINDOW_SECONDS = 0.1;
const PATIENCE = { lastsMs: 300, coolDownMs: 3_000, outcomeMs: 600_000 };
const FRONT = 'service/default/app-front/8080/http';
const BACK = 'default/app-front-to-back-immersive/north';

describe('the operator and measurements', () => {
  const stage = new Stage();
  const { start, apply, dag, plans, eventually, becomes, settled, writes } = stage;
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-telemetry-'));
  let prometheus: FakePrometheus;
  after(() => rmSync(folder, { recursive: true }));
  afterEach(() => prometheus.stop());
  beforeEach(async () => {
    prometheus = await FakePrometheus.start();
    prometheus.clusters.set(FRONT, { rate: 250, meanMs: 8, p99Ms: 15 });
    prometheus.clusters.set(BACK, { rate: 500, meanMs: 3 });
    const source = new PrometheusSource({ url: prometheus.url, nowMs: () => Date.now() });
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'secret\n');
    stage.telemetry = {
      source: { windowSeconds: WINDOW_SECONDS, read: (wanted, signal) => source.read(wanted, signal) },
      periodMs: PERIOD_MS,
      patience: PATIENCE,
      tokenFile,
    };
  });

  const app = (over: Parameters<typeof givenDag>[0] = {}): CachedDag =>
    givenDag({
      qos: { maxLatency: '20ms' },
      ingress: [{ region: 'north', requestsPerSecond: '200' }],
      ...over,
    });
  const plan = (name: string): CachedPlan | undefined =>
    plans().find(({ metadata }) => metadata.name === name);

  it('tells what is measured, judges by it, and then writes nothing', async () => {
    apply(app());
    start();
    await becomes('Observed', /^True Measured: the entry and 1 of 1 edges are measured; plans count on 250/);
    await becomes('WithinQoS', /^True Observed/);
    await eventually(
      () => plan('app-1')?.status?.realised?.latencyMicros === 8_000,
      () => JSON.stringify(plan('app-1')?.status),
    );
    assert.deepEqual(dag().status?.observed, {
      latencyMicros: 8_000,
      p99LatencyMicros: 15_000,
      successPpm: 1_000_000,
    });
    await eventually(
      () => dag().status?.edges?.[0]?.weights?.[0]?.observedPpm === 1_000_000,
      () => JSON.stringify(dag().status?.edges),
    );
    assert.equal(dag().status?.edges?.[0]?.maxErrorPpm, 0);
    const region = (): number | undefined =>
      stage.server.objects<CachedRegion>(EDGEREGION)[0]?.status?.driftPpm;
    await eventually(
      () => region() === 111_111,
      () => `drift is ${region()}`,
    );
    assert.equal(plan('app-1')?.status?.phase, 'Adopted');
    await settled();
    const before = writes().length;
    const asked = prometheus.queries.length;
    await sleep(10 * PERIOD_MS);
    assert.deepEqual(writes().slice(before), []);
    assert.ok(prometheus.queries.length > asked);
  });

  it('keeps what it knew while Prometheus is away or wrong, says so once, and comes back', async () => {
    apply(app());
    start();
    await becomes('WithinQoS', /^True Observed/);
    prometheus.body = '<html>';
    await becomes('Observed', /^Unknown SourceNonsense: .*a page of HTML.*; last measured 20/);
    await becomes('WithinQoS', /^True Predicted/);
    assert.equal(dag().status?.observed?.latencyMicros, 8_000);
    assert.equal(dag().status?.edges?.[0]?.weights?.[0]?.observedPpm, undefined);
    await settled();
    const before = writes().length;
    await sleep(20 * PERIOD_MS);
    assert.deepEqual(writes().slice(before), []);
    prometheus.body = undefined;
    await becomes('Observed', /^True Measured/);
    await becomes('WithinQoS', /^True Observed/);
  });

  it('plans anew, once, when a limit stays broken, with what is measured, and says why', async () => {
    apply(app());
    start();
    await becomes('WithinQoS', /^True Observed/);
    const before = stage.planner.asked.length;
    prometheus.clusters.set(FRONT, { rate: 900, meanMs: 40 });
    await becomes('WithinQoS', /^False Observed: latency: measured \d\d\.?\d*ms, the limit is 20ms/);
    await eventually(
      () => stage.planner.asked.length > before,
      () => 'no plan is asked for',
      10_000,
    );
    const [ingress] = stage.planner.asked.at(-1)?.objects.dags[0]?.spec.ingress ?? [];
    assert.ok(Number(ingress?.requestsPerSecond) > 700, `planned with ${ingress?.requestsPerSecond}`);
    assert.ok(stage.planner.asked.at(-1)?.keep);
    await eventually(
      () =>
        stage.server
          .objects<KubeObject & { reason?: string; note?: string }>(EVENT)
          .some(({ reason, note }) => reason === 'QoSViolated' && /it has lasted/.test(note ?? '')),
      () => 'no event says why',
    );
    await sleep(1_000);
    assert.equal(stage.planner.asked.length, before + 1);
    // The spec in the cluster is not ours to change.
    const [stored] = stage.server.objects<CachedDag>(SERVICEDAG);
    assert.equal(stored?.spec.ingress[0]?.requestsPerSecond, '200');
  });

  it('tells the planner what a plan came to, once, when another takes its place', async () => {
    apply(app());
    start();
    await eventually(
      () => plan('app-1')?.status?.realised !== undefined,
      () => JSON.stringify(plan('app-1')?.status),
    );
    const { microservices } = app().spec;
    const more = microservices.map((m, i) => ({ ...m, replicas: { min: i === 1 ? 2 : 1 } }));
    apply(app({ microservices: more }));
    await eventually(
      () => plan('app-1')?.status?.conditions?.[0]?.type === 'Reported',
      () => JSON.stringify(plan('app-1')?.status),
    );
    assert.match(plan('app-1')?.status?.conditions?.[0]?.message ?? '', /keeps it as f{64}$/);
    const [told, ...others] = stage.planner.traces;
    assert.equal(others.length, 0);
    assert.equal(told?.authorization, 'Bearer secret');
    const { body } = told;
    const { performance } = body['outcome'] as { performance: Record<string, number> };
    assert.equal(body['dag'], 'default/app');
    assert.equal(body['window'], 1);
    assert.equal(body['policy'], 'Search');
    assert.deepEqual(performance, {
      latencyMicros: 8_000,
      p99LatencyMicros: 15_000,
      successPpm: 1_000_000,
      violationPpm: 0,
      utilisationPpm: performance['utilisationPpm'],
      jitterMicros: 3_009,
      syncMicros: 0,
    });
    const { assignments } = body['decision'] as { assignments: { node: string }[] };
    assert.deepEqual(
      assignments.map(({ node }) => node),
      ['a', 'a'],
    );
    await sleep(500);
    assert.equal(stage.planner.traces.length, 1);
  });
});
