import assert from 'node:assert/strict';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import { parseText } from '#crds/parse.ts';
import type { Objects } from '#world/objects.ts';
import { shortlist } from '#world/shortlist.ts';
import { snapshotOf, withClaim } from '#world/snapshot.ts';
import { PLAN_DEFAULTS } from './plan-options.ts';
import { planDag } from './plan.ts';

/** `count` nodes in two regions; every 100th node has an accelerator, every 50th forwards to its neighbour. */
function world(count: number): Objects {
  const text: object[] = [];
  for (const [name, other] of [
    ['east', 'west'],
    ['west', undefined],
  ] as const) {
    const own = Array.from({ length: count }, (_, n) => n).filter((n) => (n % 2 === 0) === (name === 'east'));
    const hops = own
      .filter((n) => n % 50 < 2 && n + 2 < count)
      .flatMap((n) => [
        { from: `n${n}`, to: `n${n + 2}`, latency: '50us', bandwidth: '10G' },
        { from: `n${n}`, to: name, latency: '80us', bandwidth: '10G' },
      ]);
    text.push({
      apiVersion: 'edgeloom.dev/v1alpha1',
      kind: 'EdgeRegion',
      metadata: { name },
      spec: {
        tier: 'Edge',
        nodeSelector: { matchLabels: { r: name } },
        topology: {
          attachment: { latency: '200us', bandwidth: '2G' },
          links: [
            ...hops,
            ...(other === undefined ? [] : [{ from: name, to: other, latency: '1ms', bandwidth: '10G' }]),
          ],
        },
      },
    });
  }
  for (let n = 0; n < count; n++) {
    const accelerator: Record<string, string> = n % 100 === 99 ? { 'nvidia.com/gpu': '1' } : {};
    text.push({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: `n${n}`,
        labels: { r: n % 2 === 0 ? 'east' : 'west' },
        annotations: { 'edgeloom.dev/mips-per-cpu': String(2000 + ((n * 37) % 3000)) },
      },
      status: { allocatable: { cpu: '2', memory: '4Gi', pods: '20', ...accelerator } },
    });
  }
  const service = (name: string, requests: object): object => ({
    name,
    work: '5M',
    template: { spec: { containers: [{ name: 'c', resources: { requests } }] } },
  });
  text.push({
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'ServiceDAG',
    metadata: { name: 'app' },
    spec: {
      ingress: [{ region: 'west', payload: '50Ki' }],
      qos: { maxLatency: '40ms' },
      microservices: [
        service('a', { cpu: '1', memory: '1Gi' }),
        service('b', { cpu: '1500m', memory: '1Gi' }),
        service('c', { cpu: '500m', memory: '1Gi', 'nvidia.com/gpu': '1' }),
      ],
      edges: [
        { from: 'a', to: 'b', payload: '100Ki' },
        { from: 'b', to: 'c', payload: '100Ki' },
      ],
    },
  });
  const parsed = parseText(text.map((o) => JSON.stringify(o)).join('\n---\n'), 'world');
  const regions: readonly EdgeRegion[] = parsed.edgeRegions;
  return { nodes: parsed.nodes, regions, dags: parsed.serviceDAGs, nowMs: 0 };
}

describe('a large world', () => {
  const objects = world(800);
  const snapshot = snapshotOf(objects);
  const [dag] = objects.dags;

  it('is searched through a shortlist that keeps what each service needs and every forwarder', () => {
    const list = shortlist(snapshot, dag!, 100);
    const kept = new Set(list.snapshot.hosts.map((h) => h.name));
    assert.ok(list.dropped > 600);
    assert.ok(
      [...kept].filter((name) => Number(name.slice(1)) % 100 === 99).length >= 8,
      'hosts with an accelerator',
    );
    for (const region of objects.regions) {
      for (const link of region.spec.topology?.links ?? []) {
        // An end with two links forwards; the far end of a hop has one link and may go.
        if (link.to === region.metadata.name) assert.ok(kept.has(link.from), `${link.from} forwards`);
      }
    }
  });

  it('is planned as well as when every host is searched, within a percent', async () => {
    const fast = await planDag(snapshot, dag!, PLAN_DEFAULTS);
    const small = snapshotOf(world(240));
    const whole = await planDag(small, dag!, PLAN_DEFAULTS);
    assert.ok(fast.feasible && whole.feasible);
    assert.ok(
      (fast.best?.predicted.latencyMicros ?? Infinity) <= 1.01 * (whole.best?.predicted.latencyMicros ?? 0),
    );
  });

  it('gives a claim that holds in the whole world, so the next plan sees it', async () => {
    const first = await planDag(snapshot, dag!, PLAN_DEFAULTS);
    const claim = first.best!.claim;
    const names = claim.hosts.map(({ host }) => snapshot.hosts[host]?.name);
    const byName = (a = '', b = ''): number => a.localeCompare(b);
    assert.deepEqual(names.toSorted(byName), first.best!.assignments.map((a) => a.node).toSorted(byName));
    const after = withClaim(snapshot, { ...claim, owner: 'ServiceDAG default/other' });
    const second = await planDag(after, dag!, PLAN_DEFAULTS);
    const accelerator = (nodes: readonly { microservice: string; node: string }[]): string | undefined =>
      nodes.find((a) => a.microservice === 'c')?.node;
    assert.notEqual(accelerator(second.best!.assignments), accelerator(first.best!.assignments));
  });

  it('says of the whole world why nothing can run a service', async () => {
    const impossible = structuredClone(dag!);
    impossible.spec.microservices[0]!.template.spec.containers[0]!.resources = { requests: { cpu: '64' } };
    const plan = await planDag(snapshot, impossible, PLAN_DEFAULTS);
    assert.equal(plan.feasible, false);
    assert.match(plan.violations[0]?.message ?? '', /none of 800 nodes/);
  });
});
