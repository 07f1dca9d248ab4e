import assert from 'node:assert/strict';
import { parseFiles } from '#crds/parse.ts';
import { keyOf } from '#world/objects.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { deploymentContent, presentNodes, tenantOf, traceDagOf } from './deployment.ts';
import { expand, compact } from './compact.ts';
import { sealTrace } from './seal.ts';

const SAMPLE = new URL('../../config/samples/quickstart.yaml', import.meta.url).pathname;

describe('a deployment as a trace', () => {
  it('holds the DAG in base units, the machines it uses, its replicas and its routes', async () => {
    const objects = await parseFiles([SAMPLE]);
    const [dag] = objects.serviceDAGs;
    assert.ok(dag !== undefined);
    const snapshot = snapshotOf({
      nodes: objects.nodes,
      regions: objects.edgeRegions,
      dags: [dag],
      nowMs: 0,
    });
    const instance = instanceOf(snapshot, dag);
    const assign = Int32Array.from(instance.serviceOf, (s) => instance.services[s]!.hosts[0]!);
    const judged = judge(instance, assign);
    const content = deploymentContent(snapshot, dag, judged, {
      window: 3,
      createdMs: 1000,
      source: 'simulated',
      policy: 'search',
      shareable: false,
      rollout: [],
      performance: {
        latencyMicros: judged.predicted.latencyMicros,
        p99LatencyMicros: judged.predicted.worstLatencyMicros,
        jitterMicros: judged.predicted.jitterMicros,
        syncMicros: judged.predicted.syncMicros,
        successPpm: judged.predicted.successPpm,
        violationPpm: 0,
        utilisationPpm: 0,
      },
      predictedUtility: 0.5,
      realisedUtility: 0.4,
    });
    const trace = sealTrace(content, { encoderVersion: 'e', vector: [1] });
    assert.deepEqual([trace.tenant, trace.dag.name], [tenantOf(dag), keyOf(dag)]);
    assert.equal(trace.dag.services.length, dag.spec.microservices.length);
    assert.ok(trace.dag.services.every((s) => s.cpuMilli > 0));
    assert.equal(trace.map.placements.length, instance.tasks);
    assert.deepEqual(
      new Set(trace.map.nodes.map((n) => n.name)),
      new Set(judged.assignments.map((a) => a.node)),
    );
    assert.equal(
      trace.map.routes.length,
      judged.routes.reduce((n, r) => n + r.paths.length, 0),
    );
    assert.deepEqual(expand(compact(content)), content);
    assert.equal(presentNodes(snapshot, dag).length, snapshot.hosts.length);
    assert.deepEqual(
      traceDagOf(dag).calls.map((c) => c.from),
      dag.spec.edges.map((e) => e.from),
    );
  });
});
