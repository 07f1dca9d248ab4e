import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { parseFiles } from '#crds/parse.ts';
import { durationMicros, quantity } from '#crds/quantity.ts';
import { planInOrder } from '#planner/plan-in-order.ts';
import { PLAN_DEFAULTS } from '#planner/plan-options.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { DagManifest } from './manifest.ts';
import { staleFiles } from './files.ts';
import { demoApplications, demoTopology, generatedSamples } from './samples.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', 'config', 'samples');

const documents = (file: string): unknown[] =>
  parseAllDocuments(readFileSync(join(SAMPLES, file), 'utf8')).map((doc): unknown => {
    assert.deepEqual([...doc.errors, ...doc.warnings], [], file);
    return doc.toJS() as unknown;
  });

const requestsOf = (
  service: DagManifest['spec']['microservices'][number],
): { cpu: number; memory: number } => {
  const requests = service.template.spec.containers.map((container) => container.resources.requests);
  return {
    cpu: requests.reduce((sum, r) => sum + quantity(r.cpu), 0),
    memory: requests.reduce((sum, r) => sum + quantity(r.memory), 0),
  };
};

/** Longest chain of services; throws on a cycle or an end that is no service. */
function depth({ spec }: DagManifest): number {
  const names = new Set(spec.microservices.map((service) => service.name));
  const levels = new Map<string, number>();
  const visit = (name: string, above: readonly string[]): number => {
    assert.ok(names.has(name), `no microservice ${name}`);
    assert.ok(!above.includes(name), `cycle through ${[...above, name].join(', ')}`);
    const known = levels.get(name);
    if (known !== undefined) return known;
    const below = spec.edges
      .filter((edge) => edge.from === name)
      .map((edge) => visit(edge.to, [...above, name]));
    const level = 1 + Math.max(0, ...below);
    levels.set(name, level);
    return level;
  };
  return Math.max(...[...names].map((name) => visit(name, [])));
}

describe('the samples', () => {
  const { regions, nodes } = demoTopology();
  const dags = demoApplications().map(({ manifest }) => manifest);
  const edge = nodes.filter((node) => node.metadata.labels['edgeloom.dev/region'] !== 'cloud');

  it('are what the generator writes today', () => {
    assert.deepEqual(staleFiles(SAMPLES, generatedSamples()), [], 'run node hack/demo/generate-samples.ts');
  });

  it('read back as the objects they were made from', () => {
    assert.deepEqual(documents('regions.yaml'), regions);
    assert.deepEqual(documents('nodes.yaml'), nodes);
    for (const dag of dags) assert.deepEqual(documents(`${dag.metadata.name}.yaml`), [dag]);
  });

  const sets = {
    'the three applications and their world': { files: Object.keys(generatedSamples()), dags: 3, nodes: 40 },
    quickstart: { files: ['quickstart.yaml'], dags: 1, nodes: 4 },
  };
  for (const [name, set] of Object.entries(sets)) {
    it(`are read by Edgeloom without a problem: ${name}`, async () => {
      const { serviceDAGs, edgeRegions, nodes, notes } = await parseFiles(
        set.files.map((file) => join(SAMPLES, file)),
      );
      assert.deepEqual([serviceDAGs.length, nodes.length, notes], [set.dags, set.nodes, []]);
      const world = snapshotOf({ nodes, regions: edgeRegions, dags: serviceDAGs, nowMs: 0 });
      assert.deepEqual(world.problems, []);
      assert.equal(world.hosts.length, set.nodes);
    });
  }

  it('can be planned with 10 % to spare, and not by the default scheduler', async () => {
    const files = Object.keys(generatedSamples()).map((file) => join(SAMPLES, file));
    const { serviceDAGs, edgeRegions, nodes } = await parseFiles(files);
    const world = snapshotOf({ nodes, regions: edgeRegions, dags: serviceDAGs, nowMs: 0 });
    const sharesOf = async (planner: 'search' | 'default-scheduler'): Promise<number[]> => {
      const { documents } = await planInOrder(world, serviceDAGs, { ...PLAN_DEFAULTS, planner }, () => 0);
      return documents.map(({ predicted }, at) => {
        const limit = serviceDAGs[at]?.spec.qos.maxLatency;
        assert.ok(predicted !== undefined && limit !== undefined);
        return predicted.latencyMicros / durationMicros(limit);
      });
    };
    for (const share of await sharesOf('search')) assert.ok(share <= 0.9, `${share} of maxLatency`);
    for (const share of await sharesOf('default-scheduler')) assert.ok(share > 1, `${share} of maxLatency`);
  });

  it('apply everything but nodes to a cluster', () => {
    const [kustomization] = documents('kustomization.yaml') as [{ resources: string[] }];
    const applied = [...Object.keys(generatedSamples()), 'namespace.yaml'].filter(
      (name) => name !== 'nodes.yaml',
    );
    assert.deepEqual(kustomization.resources.toSorted(), applied.toSorted());
  });

  it('have 12 nodes in each of three edge regions, and four in the cloud', () => {
    const sizes = regions.map(({ metadata }) => [
      metadata.name,
      nodes.filter((node) => node.metadata.labels['edgeloom.dev/region'] === metadata.name).length,
    ]);
    assert.deepEqual(Object.fromEntries(sizes), {
      'cbd-west': 12,
      'cbd-central': 12,
      'cbd-east': 12,
      cloud: 4,
    });
  });

  it('link only nodes, waypoints and regions that exist, each pair once, and leave nobody apart', () => {
    const known = new Set([
      ...nodes.map((node) => node.metadata.name),
      ...regions.flatMap((region) => [region.metadata.name, ...region.spec.topology.waypoints]),
    ]);
    const links = regions.flatMap((region) => region.spec.topology.links);
    for (const end of links.flatMap((link) => [link.from, link.to])) assert.ok(known.has(end), end);
    const pairs = links.map((link) => [link.from, link.to].toSorted().join(' '));
    assert.equal(new Set(pairs).size, pairs.length);
    const linked = new Set(links.flatMap((link) => [link.from, link.to]));
    const reached = new Set(['cloud']);
    for (let before = -1; before !== reached.size;) {
      before = reached.size;
      for (const { from, to } of links) if (reached.has(from) || reached.has(to)) reached.add(from).add(to);
    }
    assert.deepEqual(
      [...linked].filter((end) => !reached.has(end)),
      [],
    );
  });

  const shapes = {
    'online-boutique': { services: 11, edges: 15, depth: 4 },
    'mubench-c': { services: 20, edges: 19, depth: 4 },
    teastore: { services: 6, edges: 10, depth: 4 },
  } as const;
  for (const [name, shape] of Object.entries(shapes)) {
    it(`draw ${name} without a cycle, ${shape.services} services ${shape.depth} deep`, () => {
      const dag = dags.find(({ metadata }) => metadata.name === name);
      assert.ok(dag);
      assert.equal(dag.spec.microservices.length, shape.services);
      assert.equal(dag.spec.edges.length, shape.edges);
      assert.equal(depth(dag), shape.depth);
      for (const { region, band } of dag.spec.ingress) {
        const home = regions.find(({ metadata }) => metadata.name === region);
        assert.ok(home, region);
        assert.ok(band === undefined || home.spec.radio?.bands.some((b) => b['name'] === band), band);
      }
    });
  }

  for (const count of ['min', 'max'] as const) {
    it(`ask for at most 60 % of the edge with ${count} replicas`, () => {
      for (const resource of ['cpu', 'memory'] as const) {
        const asked = dags
          .flatMap((dag) => dag.spec.microservices)
          .reduce((sum, service) => sum + requestsOf(service)[resource] * service.replicas[count], 0);
        const room = edge.reduce((sum, node) => sum + quantity(node.status.allocatable[resource] ?? '0'), 0);
        assert.ok(asked <= 0.6 * room, `${resource}: ${asked} of ${room}`);
      }
    });
  }

  it('give frontend its measured 792 us on a node of 3000 mips', () => {
    const frontend = dags.flatMap((dag) => dag.spec.microservices).find(({ name }) => name === 'frontend');
    assert.ok(frontend);
    assert.equal(Math.round(quantity(frontend.work) / (3000 * requestsOf(frontend).cpu)), 792);
  });
});
