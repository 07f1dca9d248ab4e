import assert from 'node:assert/strict';
import { parseText } from '#crds/parse.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Objects } from '#world/objects.ts';
import { documentOf } from '../document.ts';
import type { PlanDocument } from '../document.ts';
import { PLAN_DEFAULTS } from '../plan-options.ts';
import { planDag } from '../plan.ts';
import { RefusedReport, readReport } from './report.ts';
import type { Report } from './report.ts';

const world = (): Objects => {
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
  return { nodes: parsed.nodes, regions: parsed.edgeRegions, dags: parsed.serviceDAGs, nowMs: 0 };
};

describe('a reported outcome', () => {
  const objects = world();
  let plan: PlanDocument;
  before(async () => {
    const [app] = objects.dags;
    assert.ok(app !== undefined);
    plan = documentOf(await planDag(snapshotOf(objects), app, PLAN_DEFAULTS), 0);
  });
  const report = (latency = 1, over: Partial<Report> = {}): Report => {
    const { predicted } = plan;
    assert.ok(predicted !== undefined);
    return {
      dag: 'default/app',
      objects,
      decision: plan,
      window: 3,
      policy: 'Search',
      shareable: false,
      outcome: {
        atMs: 1_790_000_000_000,
        performance: {
          latencyMicros: Math.round(predicted.latencyMicros * latency),
          p99LatencyMicros: predicted.worstLatencyMicros,
          jitterMicros: predicted.jitterMicros,
          syncMicros: predicted.syncMicros,
          successPpm: predicted.successPpm,
          violationPpm: 0,
          utilisationPpm: 0,
        },
        rollout: [],
      },
      ...over,
    };
  };

  it('is as useful as expected when all that was predicted came true, steered calls and all', () => {
    const { content, expectedUtility } = readReport(report());
    assert.ok(Math.abs(content.realisedUtility - expectedUtility) < 1e-4);
    assert.equal(content.predictedUtility, expectedUtility);
    assert.deepEqual([content.source, content.tenant, content.window], ['observed', 'default', 3]);
    assert.equal(content.map.placements.length, 4);
    assert.deepEqual(
      content.map.routes.map(({ from, to, via, weightPpm }) => ({ from, to, via, weightPpm })),
      plan.routes.flatMap(({ from, to, paths }) =>
        paths.map(({ via, weightPpm }) => ({ from, to, via: [...via], weightPpm })),
      ),
    );
  });

  it('is worth less by what it took longer, whatever it predicts', () => {
    const fast = readReport(report(1)).content.realisedUtility;
    const slow = readReport(report(2)).content.realisedUtility;
    const more = (plan.predicted?.latencyMicros ?? 0) / 40_000;
    assert.ok(Math.abs(fast - slow - 0.7 * more) < 1e-3);
  });

  it('counts the time of a path by our own graph', () => {
    const { content } = readReport(report());
    const times = plan.routes.flatMap(({ paths }) => paths.map((p) => p.latencyMicros));
    for (const [i, { latencyMicros }] of content.map.routes.entries())
      assert.ok(Math.abs(latencyMicros - (times[i] ?? 0)) <= 1, `${latencyMicros} for ${times[i]}`);
  });

  it('is refused where the world does not bear it out', () => {
    const at = (over: Partial<Report>): string => {
      try {
        readReport(report(1, over));
      } catch (error) {
        if (error instanceof RefusedReport) return error.field;
        throw error;
      }
      return 'nothing';
    };
    const { assignments, routes } = plan;
    assert.equal(at({ dag: 'default/other' }), 'dag');
    const [first, ...rest] = assignments;
    assert.ok(first !== undefined);
    const wrong = { assignments: [{ ...first, microservice: 'z' }, ...rest], routes };
    assert.equal(at({ decision: wrong }), 'decision.assignments[0].microservice');
    const backwards = { assignments, routes: [{ from: 'b', to: 'a', paths: [] }] };
    assert.equal(at({ decision: backwards }), 'decision.routes');
  });
});
