import assert from 'node:assert/strict';
import fc from 'fast-check';
import { worldOf, dag, node, region, service } from '#world/test-world.ts';
import { keyOf } from '#world/objects.ts';
import { featuresFrom, samplesOf, situationOf } from '../test-situations.ts';
import { COLUMNS, GRID, WINDOW } from './columns.ts';
import { featuresOf } from './features.ts';
import { heatMaps, positionsOf } from './heat-maps.ts';
import { serviceFeatures } from './service-graph.ts';
import { telemetryFeatures } from './telemetry.ts';
import { topologyFeatures } from './topology.ts';

const row = (values: Float32Array, index: number, columns: readonly string[]): Record<string, number> =>
  Object.fromEntries(columns.map((name, c) => [name, values[index * columns.length + c] ?? NaN]));
const near = (a: number | undefined, b: number): void =>
  assert.ok(Math.abs((a ?? NaN) - b) < 1e-6, `${a}, wanted ${b}`);

const items = [
  region('east', { attachment: { latency: '200us', bandwidth: '1G' } }),
  node('n0', { region: 'east', cpu: '4' }),
  node('n1', { region: 'east', cpu: '2' }),
  dag('d', {
    slice: 'xr',
    ingress: [{ region: 'east', requestsPerSecond: '10' }],
    qos: { maxLatency: '9ms' },
    microservices: [service('a', { work: '3M', cpu: '1' }), service('b', { work: '6M', cpu: '500m' })],
    edges: [{ from: 'a', to: 'b', payload: '1k', callsPerRequest: '2' }],
  }),
];
const { snapshot, dags } = worldOf(items);
const [first] = dags;
if (first === undefined) throw new Error('the world has a DAG');

describe('features', () => {
  it('of any random world are finite, and rows are whole', () => {
    fc.assert(
      fc.property(fc.nat(5000), (seed) => {
        const [f] = featuresFrom([seed]);
        if (f === undefined) return false;
        const parts = [
          [f.services.nodes, COLUMNS.services],
          [f.services.edges, COLUMNS.calls],
          [f.topology.nodes, COLUMNS.vertices],
          [f.topology.edges, COLUMNS.arcs],
          [f.request, COLUMNS.request],
          [f.telemetry, COLUMNS.telemetry],
          [f.maps, COLUMNS.maps],
        ] as const;
        return parts.every(
          ([values, columns]) => values.every(Number.isFinite) && values.length % columns.length === 0,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('repeat bit for bit', () => {
    assert.deepEqual(featuresOf(situationOf(3)), featuresOf(situationOf(3)));
  });

  it('of services: rates follow the calls, load is of typical cores', () => {
    const { nodes, edges, from, to } = serviceFeatures(first);
    const [a, b] = [row(nodes, 0, COLUMNS.services), row(nodes, 1, COLUMNS.services)];
    near(a['rate'], Math.log(11));
    near(b['rate'], Math.log(21));
    // 20 requests/s of 6 M instructions on half a core of 3000 MIPS.
    near(b['load'], Math.log(1.08));
    assert.deepEqual([a['entry'], a['exit'], b['entry'], b['exit']], [1, 0, 0, 1]);
    near(row(edges, 0, COLUMNS.calls)['payload'], Math.log(1001));
    assert.deepEqual([[...from], [...to]], [[0], [1]]);
  });

  it('of the topology: what others leave, and where requests come in', () => {
    const { nodes, from, to, edges } = topologyFeatures(snapshot, first);
    const hosts = [0, 1, 2].map((v) => row(nodes, v, COLUMNS.vertices));
    near(hosts[0]?.['cpu'], Math.log(4001));
    assert.deepEqual(
      hosts.map((h) => [h['host'], h['gateway'], h['ingress'], h['open']]),
      [
        [1, 0, 0, 1],
        [1, 0, 0, 1],
        [0, 1, 1, 0],
      ],
    );
    assert.equal(from.length, 4);
    assert.deepEqual(from.toSorted(), to.toSorted());
    near(row(edges, 0, COLUMNS.arcs)['latency'], Math.log(201));
  });

  it('see what others hold, and not what the DAG itself holds', () => {
    const amounts = snapshot.resources.map((name) => (name === 'cpu' ? 1000 : 0));
    const held = (owner: string) => ({
      ...snapshot,
      claims: [{ owner, hosts: [{ host: 0, amounts }], arcs: [] }],
    });
    near(row(topologyFeatures(held('Pod x/y'), first).nodes, 0, COLUMNS.vertices)['cpu-free'], 0.75);
    near(
      row(topologyFeatures(held(`ServiceDAG ${keyOf(first)}`), first).nodes, 0, COLUMNS.vertices)['cpu-free'],
      1,
    );
  });

  it('of telemetry: the last sixteen periods, oldest first', () => {
    const samples = samplesOf(1, 40);
    assert.deepEqual(telemetryFeatures(samples), telemetryFeatures(samples.slice(-WINDOW)));
    assert.equal(telemetryFeatures(samples).length, WINDOW * COLUMNS.telemetry.length);
    const last = row(telemetryFeatures(samples), WINDOW - 1, COLUMNS.telemetry);
    near(last['latency'], Math.fround(Math.log(1 + (samples.at(-1)?.meanLatencyMicros ?? 0))));
  });
});

describe('heat maps', () => {
  it('show each node in its cell, users where they come in, and nothing without positions', () => {
    const positions = new Map([
      ['n0', { latitude: 10, longitude: 20 }],
      ['n1', { latitude: 11, longitude: 21 }],
    ]);
    const maps = heatMaps(snapshot, first, dags, positions);
    const [low, high] = [row(maps, 0, COLUMNS.maps), row(maps, GRID * GRID - 1, COLUMNS.maps)];
    near(low['capacity'], Math.fround(Math.log(4001)));
    near(high['capacity'], Math.fround(Math.log(2001)));
    near(low['users'], Math.fround(Math.log(6)));
    assert.equal(maps.filter((x) => x !== 0).length, 4);
    assert.ok(heatMaps(snapshot, first, dags, new Map()).every((x) => x === 0));
  });

  it('read positions from annotations and leave out nonsense', () => {
    const at = (latitude: string, longitude: string) => ({
      apiVersion: 'v1' as const,
      kind: 'Node' as const,
      metadata: {
        name: latitude,
        annotations: { 'edgeloom.dev/latitude': latitude, 'edgeloom.dev/longitude': longitude },
      },
    });
    const positions = positionsOf([
      at('31.2', '121.5'),
      at('here', '1'),
      at('95', '1'),
      { ...at('1', '1'), metadata: { name: 'bare' } },
    ]);
    assert.deepEqual([...positions], [['31.2', { latitude: 31.2, longitude: 121.5 }]]);
  });
});
