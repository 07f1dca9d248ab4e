import assert from 'node:assert/strict';
import type { Problem } from './problem.ts';
import type { Snapshot } from './snapshot.ts';
import { dag, judged, node, region, worldOf } from './test-world.ts';
import type { Item, LinkFacts } from './test-world.ts';

const link = (from: string, to: string, over: Partial<LinkFacts> = {}): LinkFacts => ({
  from,
  to,
  latency: '1ms',
  bandwidth: '1G',
  ...over,
});
const attachment = { latency: '200us', bandwidth: '1G' };

/** Arcs as `from>to latency`, in order. */
const arcs = ({ graph }: Snapshot): string[] =>
  Array.from(
    graph.head,
    (head, arc) => `${graph.names[graph.tail[arc]!]}>${graph.names[head]} ${graph.latency[arc]}`,
  ).toSorted();
const problems = ({
  problems: found,
}: Snapshot): Pick<Problem, 'reason' | 'severity' | 'object' | 'field'>[] =>
  found.map(({ reason, severity, object, field }) => ({ reason, severity, object, field }));
const lost = { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };

describe('the graph', () => {
  const cases: Record<string, { items: readonly Item[]; want: readonly string[] }> = {
    'a node without a link of its own is attached to its gateway, both ways': {
      items: [region('r', { attachment }), node('n1')],
      want: ['n1>r 200', 'r>n1 200'],
    },
    'a node with a link of its own is not': {
      items: [region('r', { attachment, links: [link('n1', 'r')] }), node('n1'), node('n2')],
      want: ['n1>r 1000', 'n2>r 200', 'r>n1 1000', 'r>n2 200'],
    },
    'nor is one whose only link leads one way': {
      items: [
        region('r', { attachment, links: [link('n1', 'n2', { oneWay: true })] }),
        node('n1'),
        node('n2'),
      ],
      want: ['n1>n2 1000'],
    },
    'nor is one whose link another region lists': {
      items: [region('r', { attachment }), region('s', { links: [link('s', 'n1')] }), node('n1')],
      want: ['n1>s 1000', 's>n1 1000'],
    },
    'nor is one whose link leads to a node that is lost': {
      items: [region('r', { attachment, links: [link('n1', 'n2')] }), node('n1'), node('n2', lost)],
      want: [],
    },
    'nor is one whose link leads to a node that is gone': {
      items: [region('r', { attachment, links: [link('n1', 'n2')] }), node('n1')],
      want: [],
    },
    'a region without attachment leaves such nodes alone': { items: [region('r'), node('n1')], want: [] },
    'a waypoint may be named by several regions and is one': {
      items: [
        region('r', { waypoints: ['ring'], links: [link('r', 'ring')] }),
        region('s', { waypoints: ['ring'], links: [link('s', 'ring')] }),
        node('n1'),
        node('n2', { region: 's' }),
      ],
      want: ['r>ring 1000', 'ring>r 1000', 'ring>s 1000', 's>ring 1000'],
    },
    'a link end that is no node, waypoint or region is left out': {
      items: [region('r', { attachment, links: [link('r', 'ghost')] }), node('n1')],
      want: ['n1>r 200', 'r>n1 200'],
    },
    'the same link twice is one': {
      items: [region('r', { links: [link('r', 'n1'), link('n1', 'r', { latency: '2ms' })] }), node('n1')],
      want: ['n1>r 1000', 'r>n1 1000'],
    },
    'links for other slices lie beside each other': {
      items: [
        region('r', { links: [link('r', 'n1'), link('r', 'n1', { latency: '2ms', slices: ['xr'] })] }),
        node('n1'),
      ],
      want: ['n1>r 1000', 'n1>r 2000', 'r>n1 1000', 'r>n1 2000'],
    },
    'two one-way links in opposite directions are one link each': {
      items: [
        region('r', {
          links: [link('r', 'n1', { oneWay: true }), link('n1', 'r', { latency: '2ms', oneWay: true })],
        }),
        node('n1'),
      ],
      want: ['n1>r 2000', 'r>n1 1000'],
    },
    'a node of no region forwards': {
      items: [
        region('r', { links: [link('r', 'box'), link('box', 'n1')] }),
        node('n1'),
        node('box', { region: null }),
      ],
      want: ['box>n1 1000', 'box>r 1000', 'n1>box 1000', 'r>box 1000'],
    },
    'a lost node forwards nothing': {
      items: [
        region('r', { attachment, links: [link('r', 'n1'), link('n1', 'n2')] }),
        node('n1', lost),
        node('n2'),
      ],
      want: [],
    },
    'a lost node is not attached either': {
      items: [region('r', { attachment }), node('n1', lost)],
      want: [],
    },
  };
  for (const [name, { items, want }] of Object.entries(cases))
    it(name, () => assert.deepEqual(arcs(worldOf(items).snapshot), want));

  const complaints: Record<string, { items: readonly Item[]; want: readonly (readonly string[])[] }> = {
    'an unknown link end names its field and is refused': {
      items: [region('r', { links: [link('r', 'n1'), link('r', 'ghost')] }), node('n1')],
      want: [['UnknownLinkEnd', 'refuse', 'EdgeRegion r', 'spec.topology.links[1].to']],
    },
    'a second link with the same ends, direction and slices is refused, wherever it stands': {
      items: [
        region('r', { links: [link('r', 's', { slices: ['xr', 'iot'] })] }),
        region('s', { links: [link('s', 'r', { slices: ['iot', 'xr'], oneWay: true })] }),
        node('n1'),
        node('n2', { region: 's' }),
      ],
      want: [['DuplicateLink', 'refuse', 'EdgeRegion s', 'spec.topology.links[0]']],
    },
    'a node in two regions is refused and counts in the first by name': {
      items: [
        region('s', { selector: { both: 'yes' } }),
        region('r'),
        node('n1', { labels: { both: 'yes' } }),
      ],
      want: [
        ['NodeInTwoRegions', 'refuse', 'Node n1', 'metadata.labels'],
        ['UnreachableRegions', 'warn', 'EdgeRegion s', 'spec.topology.links'],
      ],
    },
    'a name that is a node and a region means two things': {
      items: [region('r'), node('r')],
      want: [['AmbiguousName', 'refuse', 'EdgeRegion r', 'metadata.name']],
    },
    'a lost node may come back': {
      items: [region('r', { links: [link('r', 'n1')] }), node('n1', lost)],
      want: [['LostNode', 'warn', 'EdgeRegion r', 'spec.topology.links[0]']],
    },
    'a region without nodes is told': {
      items: [region('r')],
      want: [['RegionWithoutNodes', 'warn', 'EdgeRegion r', 'spec.nodeSelector']],
    },
    'a link to a node of no region is told': {
      items: [region('r', { links: [link('r', 'box')] }), node('n1'), node('box', { region: null })],
      want: [['NodeWithoutRegion', 'warn', 'EdgeRegion r', 'spec.topology.links[0]']],
    },
    'mips that are no number are refused': {
      items: [
        region('r'),
        {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {
            name: 'n1',
            labels: { 'edgeloom.dev/region': 'r' },
            annotations: { 'edgeloom.dev/mips-per-cpu': 'fast' },
          },
        },
      ],
      want: [['BadNodeFact', 'refuse', 'Node n1', 'metadata.annotations[edgeloom.dev/mips-per-cpu]']],
    },
  };
  for (const [name, { items, want }] of Object.entries(complaints)) {
    it(name, () => {
      const found = problems(worldOf(items).snapshot);
      assert.deepEqual(
        found.map((p) => [p.reason, p.severity, p.object, p.field]),
        want,
      );
    });
  }

  it('is the same whatever order nodes, regions, links and waypoints are written in', () => {
    const links = [
      link('r', 'w1'),
      link('w1', 's'),
      link('r', 'w2'),
      link('w2', 's'),
      link('r', 's', { slices: ['xr'] }),
      link('r', 's', { slices: ['iot'] }),
    ];
    const regions = [
      region('r', { attachment, links, waypoints: ['w1', 'w2'] }),
      region('s', { attachment }),
    ];
    const back = [
      region('s', { attachment }),
      region('r', { attachment, links: links.toReversed(), waypoints: ['w2', 'w1'] }),
    ];
    const nodes = [node('n1'), node('n2', { region: 's' }), node('n3')];
    const one = worldOf([...regions, ...nodes]).snapshot;
    const other = worldOf([...nodes.toReversed(), ...back]).snapshot;
    const { link: _, ...graph } = one.graph;
    const { link: __, ...mirrored } = other.graph;
    assert.deepEqual(mirrored, graph);
    assert.deepEqual(other.hosts, one.hosts);
  });
});

describe('slices', () => {
  const items = (slice: string): Item[] => [
    region('r', {
      links: [
        link('r', 'n1'),
        link('r', 'n2', { latency: '3ms' }),
        link('r', 'n2', { latency: '500us', slices: ['xr'] }),
        link('n1', 'n2', { latency: '100us', slices: ['iot'] }),
      ],
    }),
    node('n1'),
    node('n2', { slices: 'xr, massive' }),
    dag('d', { slice, microservices: ['a', 'b'], edges: [{ from: 'a', to: 'b' }] }),
  ];
  const cases: Record<string, { slice: string; want: readonly [number, readonly string[]] }> = {
    'a link carries the slices it names': { slice: 'xr', want: [1500, []] },
    'and no other': { slice: 'massive', want: [4000, []] },
    'a node hosts the slices it names and no other': { slice: 'iot', want: [100, ['slice']] },
  };
  for (const [name, { slice, want }] of Object.entries(cases)) {
    it(name, () => {
      const { predicted, violations } = judged(items(slice), { a: 'n1', b: 'n2' });
      assert.deepEqual([predicted.latencyMicros, violations.map((v) => v.constraint)], want);
    });
  }

  it('is the class in lower case when none is given', () => {
    const spec = { class: 'Immersive', microservices: ['a', 'b'], edges: [{ from: 'a', to: 'b' }] };
    const links = [link('r', 'n1', { slices: ['immersive'] }), link('r', 'n2', { slices: ['immersive'] })];
    const { feasible } = judged([region('r', { links }), node('n1'), node('n2'), dag('d', spec)], {
      a: 'n1',
      b: 'n2',
    });
    assert.equal(feasible, true);
  });
});

describe('nodes that forward', () => {
  const through = (facts: Item): Item[] => [
    region('r', { links: [link('n1', 'n2'), link('n2', 'n3')] }),
    node('n1'),
    node('n2', facts),
    node('n3'),
    dag('d', { microservices: ['a', 'b'], edges: [{ from: 'a', to: 'b' }] }),
  ];
  it('a cordoned node forwards', () => {
    const { routes, feasible } = judged(through({ spec: { unschedulable: true } }), { a: 'n1', b: 'n3' });
    assert.deepEqual([routes[0]?.paths[0]?.via, feasible], [['n1', 'n2', 'n3'], true]);
  });
  it('a lost one does not', () => {
    const { violations } = judged(through(lost), { a: 'n1', b: 'n3' });
    assert.deepEqual(
      violations.map((v) => v.constraint),
      ['edges[a→b]'],
    );
  });
});
