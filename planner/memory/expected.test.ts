import assert from 'node:assert/strict';
import { parseText } from '#crds/parse.ts';
import { dagFeatures } from '#memory/retrieval/dag-features.ts';
import { expectationOf } from '#memory/retrieval/expectation.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import { documentOf } from '../document.ts';
import { PLAN_DEFAULTS } from '../plan-options.ts';
import { planDag } from '../plan.ts';
import { expectedOf } from './expected.ts';
import { readReport } from './report.ts';

const NONE = {
  latencyMicros: 1,
  p99LatencyMicros: 1,
  jitterMicros: 0,
  syncMicros: 0,
  successPpm: 1_000_000,
  violationPpm: 0,
  utilisationPpm: 0,
};

describe('what is expected of what runs', () => {
  const items = [
    region('r', { attachment: { latency: '200us', bandwidth: '1G' } }),
    ...[0, 1, 2].map((n) => node(`n${n}`)),
    dag('app', {
      ingress: [{ region: 'r', requestsPerSecond: '120', payload: '20k' }],
      qos: { maxLatency: '40ms' },
      microservices: [
        service('a', { work: '3M' }),
        { ...service('b', { work: '8M' }), replicas: { min: 3, max: 3 } },
      ],
      edges: [{ from: 'a', to: 'b', payload: '50k' }],
    }),
  ];
  const parsed = parseText(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'test');
  const objects: Objects = {
    nodes: parsed.nodes,
    regions: parsed.edgeRegions,
    dags: parsed.serviceDAGs,
    nowMs: 0,
  };
  const [app] = objects.dags;
  assert.ok(app !== undefined);
  const snapshot = snapshotOf(objects);

  it('is what a trace of the same placement says was expected', async () => {
    const plan = documentOf(await planDag(snapshot, app, PLAN_DEFAULTS), 0);
    const { content } = readReport({
      dag: 'default/app',
      objects,
      decision: plan,
      window: 0,
      policy: 'Search',
      shareable: false,
      outcome: { atMs: 0, performance: NONE, rollout: [] },
    });
    const running = plan.assignments.map((a) => ({
      microservice: a.microservice,
      pod: `${a.microservice}-${a.replica}`,
      host: snapshot.hosts.findIndex(({ name }) => name === a.node),
    }));
    const now = expectedOf({ ...snapshot, placed: new Map([['default/app', running]]) }, app);
    const then = expectationOf(content, dagFeatures(content.dag));
    assert.ok(now !== undefined && now.busy > 0 && now.latencyRatio > 0);
    // The plan steers its calls; what runs is taken to share them evenly.
    for (const name of ['utility', 'latencyRatio', 'busy'] as const)
      assert.ok(
        Math.abs(now[name] - then[name]) < 0.01 * Math.abs(then[name]),
        `${name} ${now[name]} ${then[name]}`,
      );
  });

  it('is nothing while a service has no replica', () => {
    assert.equal(expectedOf(snapshot, app), undefined);
    const half = new Map([['default/app', [{ microservice: 'a', pod: 'a-0', host: 0 }]]]);
    assert.equal(expectedOf({ ...snapshot, placed: half }, app), undefined);
  });
});
