import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { serviceDAG } from '#crds/servicedag.ts';
import { edgeRegion } from '#crds/edgeregion.ts';
import { Evaluator } from '#world/evaluator.ts';
import { instanceOf } from '#world/instance.ts';
import { kubeNode } from '#crds/node.ts';
import type { KubeNode } from '#crds/node.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { PLAN_DEFAULTS } from '#planner/plan-options.ts';
import { planDag } from '#planner/plan.ts';
import { sourceOf } from '#planner/sources.ts';
import { solveExactly } from '#planner/search/milp.ts';
import { instanceObjects } from './instance.ts';

/** Services x nodes of the stored instances, five of each. No rates: transfer times do not depend on each other, so the MILP is exact. */
const SIZES = [
  [6, 12],
  [8, 16],
  [8, 40],
  [10, 12],
  [12, 20],
  [15, 16],
] as const;
const EACH = 5;

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'bench/instances' }, limit: { type: 'string', default: '300' } },
});
await mkdir(values.out, { recursive: true });
const optima: Record<string, { services: number; nodes: number; latencyMicros: number; proven: boolean }> =
  {};
let number = 0;
for (const [services, nodes] of SIZES) {
  for (let i = 0; i < EACH; i++) {
    const name = `${String(++number).padStart(2, '0')}-${services}x${nodes}`;
    const items = instanceObjects(services, nodes, 1000 * number + 7);
    await writeFile(
      `${values.out}/${name}.json`,
      `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })}\n`,
    );
    const dag = serviceDAG.parse(items.find((o) => o.kind === 'ServiceDAG'));
    const snapshot = snapshotOf({
      nodes: items.filter((o) => o.kind === 'Node').map((o): KubeNode => kubeNode.parse(o)),
      regions: items.filter((o) => o.kind === 'EdgeRegion').map((o) => edgeRegion.parse(o)),
      dags: [dag],
      nowMs: 0,
    });
    const evaluator = new Evaluator(instanceOf(snapshot, dag), 'latency');
    const starts = await sourceOf('search')(evaluator, 2000);
    const started = performance.now();
    const exact = await solveExactly(
      evaluator,
      starts.map((s) => s.assign),
      Number(values.limit) * 1000,
    );
    const found = await planDag(snapshot, dag, { ...PLAN_DEFAULTS, objective: 'latency' });
    optima[name] = { services, nodes, latencyMicros: Math.round(exact.latency), proven: exact.proven };
    const gap = (found.best?.predicted.latencyMicros ?? 0) / exact.latency - 1;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(
      `${name}: ${Math.round(exact.latency)} us, ${exact.proven ? 'proven' : 'NOT PROVEN'} in ${seconds} s, search ${(gap * 100).toFixed(2)} %\n`,
    );
  }
}
await writeFile(`${values.out}/optima.json`, `${JSON.stringify(optima, null, 2)}\n`);
