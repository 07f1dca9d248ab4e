import assert from 'node:assert/strict';
import { ledgerWithout } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { dag, node, region, worldOf } from './test-world.ts';
import type { Item } from './test-world.ts';

const base = [
  region('r', {
    links: [
      { from: 'n1', to: 'r', latency: '1ms', bandwidth: '1G' },
      { from: 'r', to: 'n2', latency: '1ms', bandwidth: '1G' },
      { from: 'r', to: 'n2', latency: '500us', bandwidth: '1G', slices: ['iot'] },
      { from: 'r', to: 'n2', latency: '2ms', bandwidth: '10G', slices: ['massive'] },
    ],
  }),
  node('n1'),
  node('n2'),
];
const application = (uid?: string, minBandwidth = '300M'): Item => {
  const made = dag('d', { microservices: ['a', 'b'], edges: [{ from: 'a', to: 'b', minBandwidth }] });
  return { ...made, metadata: { name: 'd', ...(uid === undefined ? {} : { uid }) } };
};
const plan = (
  over: {
    uid?: string;
    window?: number;
    phase?: string;
    nodes?: readonly [string, string];
    paths?: readonly Item[];
    /** Pod that the plan moves `a` from. */
    replaces?: string;
  } = {},
): Item => {
  const [a, b] = over.nodes ?? ['n1', 'n2'];
  const paths = over.paths ?? [
    { via: ['n1', 'r', 'n2'], fromRegion: 'r', toRegion: 'r', weightPpm: 1_000_000 },
  ];
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'DeploymentPlan',
    metadata: { name: `d-${over.window ?? 1}`, namespace: 'default' },
    spec: {
      dag: { name: 'd', ...(over.uid === undefined ? {} : { uid: over.uid }) },
      window: over.window ?? 1,
      source: 'Search',
      regions: [
        {
          region: 'r',
          assignments: [
            {
              microservice: 'a',
              replica: 0,
              ranked: [{ node: a, sharePpm: 1_000_000 }],
              ...(over.replaces === undefined ? {} : { replaces: over.replaces }),
            },
            { microservice: 'b', replica: 0, ranked: [{ node: b, sharePpm: 1_000_000 }] },
          ],
        },
      ],
      routes: [{ from: 'a', to: 'b', slice: 'massive', paths }],
    },
    ...(over.phase === undefined ? {} : { status: { phase: over.phase } }),
  };
};
const pod = (
  name: string,
  over: {
    node?: string;
    labels?: Record<string, string>;
    phase?: string;
    gated?: boolean;
    pinned?: string;
    cpu?: string;
  } = {},
): Item => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: over.labels ?? {} },
  spec: {
    ...(over.node === undefined ? {} : { nodeName: over.node }),
    schedulerName: 'edgeloom',
    ...(over.gated === true ? { schedulingGates: [{ name: 'edgeloom.dev/placement' }] } : {}),
    ...(over.pinned === undefined
      ? {}
      : {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [
                  { matchFields: [{ key: 'metadata.name', operator: 'In', values: [over.pinned] }] },
                ],
              },
            },
          },
        }),
    containers: [{ name: 'c', resources: { requests: { cpu: over.cpu ?? '1' } } }],
  },
  ...(over.phase === undefined ? {} : { status: { phase: over.phase } }),
});
const mine = (microservice: string): Record<string, string> => ({
  'edgeloom.dev/dag': 'd',
  'edgeloom.dev/microservice': microservice,
});

/** CPU used on n1 and n2 in milli-CPU, and bandwidth by arc. */
function held({ snapshot }: { snapshot: Snapshot }): { cpu: number[]; bps: Record<string, number> } {
  const ledger = ledgerWithout(snapshot, undefined);
  const { graph, resources } = snapshot;
  const cpu = [0, 1].map((h) => ledger.used[h * resources.length + resources.indexOf('cpu')] ?? 0);
  const bps: Record<string, number> = {};
  for (const [arc, amount] of ledger.reserved.entries()) {
    if (amount > 0)
      bps[`${graph.names[graph.tail[arc]!]}>${graph.names[graph.head[arc]!]} ${graph.latency[arc]}`] = amount;
  }
  return { cpu, bps };
}

describe('what is held', () => {
  const one = { 'n1>r 1000': 3e8, 'r>n2 1000': 3e8 };
  const cases: Record<string, { items: readonly Item[]; cpu: readonly number[]; bps?: Item }> = {
    'nothing by nobody': { items: [application()], cpu: [0, 0] },
    'a bound pod holds its requests': { items: [pod('x', { node: 'n1', cpu: '1500m' })], cpu: [1500, 0] },
    'a finished one does not': { items: [pod('x', { node: 'n1', phase: 'Succeeded' })], cpu: [0, 0] },
    'a pod that waits at the gate does not': {
      items: [pod('x', { gated: true, pinned: 'n1' })],
      cpu: [0, 0],
    },
    'a pod that is pinned and released holds its first choice': {
      items: [pod('x', { pinned: 'n2' })],
      cpu: [0, 1000],
    },
    'a plan holds its replicas and its routes': {
      items: [application(), plan()],
      cpu: [1000, 1000],
      bps: one,
    },
    'a bound replica takes the place its plan held for it': {
      items: [application(), plan(), pod('a-1', { node: 'n1', labels: mine('a') })],
      cpu: [1000, 1000],
      bps: one,
    },
    'also when it was bound elsewhere': {
      items: [application(), plan(), pod('b-1', { node: 'n1', labels: mine('b') })],
      cpu: [2000, 0],
      bps: one,
    },
    'not when the plan moves it: its new place is held beside the one it has': {
      items: [application(), plan({ replaces: 'a-1' }), pod('a-1', { node: 'n2', labels: mine('a') })],
      cpu: [1000, 2000],
      bps: one,
    },
    'of several plans the latest counts': {
      items: [
        application(),
        plan({
          window: 2,
          nodes: ['n2', 'n2'],
          paths: [{ via: ['n2'], fromRegion: 'r', toRegion: 'r', weightPpm: 1_000_000 }],
        }),
        plan(),
      ],
      cpu: [0, 2000],
    },
    'a plan that was superseded or rejected holds nothing': {
      items: [application(), plan({ phase: 'Superseded' }), plan({ window: 2, phase: 'Rejected' })],
      cpu: [0, 0],
    },
    'a plan whose DAG is gone holds nothing': { items: [plan()], cpu: [0, 0] },
    'nor one of a DAG of that name that was deleted': {
      items: [application('new'), plan({ uid: 'old' })],
      cpu: [0, 0],
    },
    'paths share the bandwidth to the last bit, on links that carry the slice': {
      items: [
        application(undefined, '100000001'),
        plan({
          paths: [
            { via: ['n1', 'r', 'n2'], fromRegion: 'r', toRegion: 'r', weightPpm: 333_333 },
            { via: ['n1', 'r'], fromRegion: 'r', toRegion: 'r', weightPpm: 666_667 },
          ],
        }),
      ],
      cpu: [1000, 1000],
      bps: { 'n1>r 1000': 100_000_001, 'r>n2 1000': 33_333_300 },
    },
    'a flow too wide for the quickest link was put on the wider one': {
      items: [
        application(undefined, '2G'),
        plan({ paths: [{ via: ['r', 'n2'], fromRegion: 'r', toRegion: 'r', weightPpm: 1_000_000 }] }),
      ],
      cpu: [1000, 1000],
      bps: { 'r>n2 2000': 2e9 },
    },
    'a path over a hop that is gone holds nothing': {
      items: [
        application(),
        plan({
          paths: [{ via: ['n1', 'gone', 'n2'], fromRegion: 'r', toRegion: 'r', weightPpm: 1_000_000 }],
        }),
      ],
      cpu: [1000, 1000],
    },
  };
  for (const [name, { items, cpu, bps }] of Object.entries(cases))
    it(name, () => assert.deepEqual(held(worldOf([...base, ...items])), { cpu, bps: bps ?? {} }));

  it('is nothing after a hundred deletions, each time under a new uid', () => {
    for (let turn = 0; turn < 100; turn++) {
      const there = held(
        worldOf([...base, application(`u${turn}`), plan({ uid: `u${turn}`, window: turn })]),
      );
      assert.deepEqual(there, { cpu: [1000, 1000], bps: one });
      assert.deepEqual(held(worldOf([...base, plan({ uid: `u${turn}`, window: turn })])), {
        cpu: [0, 0],
        bps: {},
      });
    }
  });

  it('is no obstacle to the one who holds it', () => {
    const { snapshot } = worldOf([...base, application(), plan(), pod('x', { node: 'n1' })]);
    const others = ledgerWithout(snapshot, 'ServiceDAG default/d');
    assert.equal(others.used[snapshot.resources.indexOf('cpu')], 1000);
    assert.ok(others.reserved.every((bps) => bps === 0));
  });
});
