import assert from 'node:assert/strict';
import { ledgerWithout, withClaim } from './snapshot.ts';
import { instanceOf } from './instance.ts';
import { judge } from './judge.ts';
import { dag, given, judged, node, placed, region, service, worldOf } from './test-world.ts';
import type { Item, LinkFacts } from './test-world.ts';

/** Payload of 1,000,000 bits: 1 ms at 1 Gbit/s. */
const MEGABIT = '125000';

const link = (from: string, to: string, over: Partial<LinkFacts> = {}): LinkFacts => ({
  from,
  to,
  latency: '300us',
  bandwidth: '1G',
  ...over,
});

/** Three nodes on a gateway, 200 us and 1 Gbit/s each. */
const star = [
  region('r', {
    attachment: { latency: '200us', bandwidth: '1G' },
    bands: [{ name: 'mmWave', latency: '700us', jitter: '30us', bandwidth: '500M', success: '0.99' }],
  }),
  node('n1'),
  node('n2'),
  node('n3'),
];
/** The same over links of unlike quality: n1 and n2 also have one of their own. */
const wired = [
  region('r', {
    links: [
      link('r', 'n1', { jitter: '40us', success: '0.9' }),
      link('r', 'n2', { latency: '500us', bandwidth: '100M', jitter: '90us', success: '0.8' }),
      link('r', 'n3', { success: '0.7' }),
      link('n1', 'n2', { latency: '100us', bandwidth: '10M', jitter: '120us', success: '0.5' }),
    ],
    bands: [{ name: 'mmWave', latency: '700us', jitter: '30us', bandwidth: '500M', success: '0.99' }],
  }),
  node('n1'),
  node('n2', { mips: 2000 }),
  node('n3'),
];
const chain = (over: Item = {}, edge: Item = {}): Item =>
  dag('d', {
    microservices: [service('a', { work: '2M' }), service('b', { work: '3M', cpu: '2' })],
    edges: [{ from: 'a', to: 'b', ...edge }],
    ...over,
  });
const alone = (over: Item = {}, work = '2M', cpu = '1', replicas = 1): Item =>
  dag('d', { microservices: [service('a', { work, cpu, replicas })], ...over });
/** a and b both call c. */
const join = (b: Item = {}, over: Item = {}): Item =>
  dag('d', {
    microservices: [service('a', { work: '1M' }), service('b', { work: '2M' }), service('c', { work: '4M' })],
    edges: [
      { from: 'a', to: 'c', payload: MEGABIT, sync: true },
      { from: 'b', to: 'c', sync: true, ...b },
    ],
    ...over,
  });

describe('latency of one request', () => {
  const cases: Record<
    string,
    { items: readonly Item[]; where: Record<string, string | string[]>; want: Item }
  > = {
    'serve is work over mips times the CPU request': {
      items: [...star, alone({}, '3M', '1500m')],
      where: { a: 'n1' },
      want: { latencyMicros: 2000, worstLatencyMicros: 2000, jitterMicros: 0, successPpm: 1e6 },
    },
    'all containers of the pod serve': {
      items: [
        ...star,
        dag('d', {
          microservices: [
            service('a', {
              work: '3M',
              pod: {
                containers: ['x', 'y'].map((name) => ({ name, resources: { requests: { cpu: '500m' } } })),
              },
            }),
          ],
        }),
      ],
      where: { a: 'n1' },
      want: { latencyMicros: 3000 },
    },
    'access without a band is the transfer from the gateway': {
      items: [...star, alone({ ingress: [{ region: 'r', payload: MEGABIT }] })],
      where: { a: 'n1' },
      want: { latencyMicros: 200 + 1000 + 2000 },
    },
    'access with a band adds its latency and the time over the air': {
      items: [...star, alone({ ingress: [{ region: 'r', payload: MEGABIT, band: 'mmWave' }] })],
      where: { a: 'n1' },
      want: {
        latencyMicros: 700 + 2000 + 200 + 1000 + 2000,
        jitterMicros: 30,
        successPpm: 990_000,
        steps: [
          { kind: 'access', what: 'r→a', micros: 3900 },
          { kind: 'serve', what: 'a', micros: 2000 },
        ],
      },
    },
    'no payload takes no time on the links, only their latency': {
      items: [...star, alone({ ingress: [{ region: 'r', band: 'mmWave' }] })],
      where: { a: 'n1' },
      want: { latencyMicros: 700 + 200 + 2000 },
    },
    'an M/M/1 queue at half load waits one service time': {
      items: [...star, alone({ ingress: [{ region: 'r', requestsPerSecond: '250' }] })],
      where: { a: 'n1' },
      want: {
        latencyMicros: 200 + 2000 + 2000,
        steps: [
          { kind: 'access', what: 'r→a', micros: 200 },
          { kind: 'queue', what: 'a', micros: 2000 },
          { kind: 'serve', what: 'a', micros: 2000 },
        ],
      },
    },
    'replicas share the load: each has a queue of its own': {
      items: [...star, alone({ ingress: [{ region: 'r', requestsPerSecond: '500' }] }, '2M', '1', 2)],
      where: { a: ['n1', 'n2'] },
      want: { latencyMicros: 200 + 2000 + 2000 },
    },
    'callsPerRequest multiplies the load of the callee and not the transfer': {
      items: [
        ...star,
        chain(
          { ingress: [{ region: 'r', requestsPerSecond: '100' }] },
          { callsPerRequest: '4', payload: MEGABIT },
        ),
      ],
      where: { a: 'n1', b: 'n2' },
      // a: ρ = 0.2, waits 500; b: s = 1500, 400/s, ρ = 0.6, waits 2250; a→b reserves 400 Mbit/s and has the link to itself.
      want: { latencyMicros: 200 + 2500 + 400 + 1000 + 3750 },
    },
    'a transfer is the latency of its links and the payload over the narrowest': {
      items: [...wired, chain({}, { payload: MEGABIT })],
      where: { a: 'n3', b: 'n2' },
      want: { latencyMicros: 2000 + 300 + 500 + 10_000 + 750 },
    },
    'the quickest path depends on the payload: a small one takes the narrow link': {
      items: [...wired, chain({}, { payload: '1250' })],
      where: { a: 'n1', b: 'n2' },
      // n1–n2: 100 + 1000 µs (10 kbit at 10 Mbit/s); n1–r–n2: 300 + 500 + 100 µs.
      want: { latencyMicros: 2000 + 900 + 750 },
    },
    'and no payload the link with the least latency': {
      items: [...wired, chain()],
      where: { a: 'n1', b: 'n2' },
      want: { latencyMicros: 2000 + 100 + 750, jitterMicros: 120, successPpm: 500_000 },
    },
    'a floor of bandwidth closes the narrow link': {
      items: [...wired, chain({}, { minBandwidth: '11M' })],
      where: { a: 'n1', b: 'n2' },
      want: { latencyMicros: 2000 + 800 + 750 },
    },
    'and one it has with equality does not': {
      items: [...wired, chain({}, { minBandwidth: '10M' })],
      where: { a: 'n1', b: 'n2' },
      want: { latencyMicros: 2000 + 100 + 750 },
    },
    'a transfer on one node takes no time, whatever the payload': {
      items: [...wired, chain({}, { payload: '1Gi' })],
      where: { a: 'n1', b: 'n1' },
      want: { latencyMicros: 2000 + 1500, successPpm: 1e6 },
    },
    'a join starts when its last input has arrived, sync is the spread of the inputs': {
      items: [...star, join()],
      where: { a: 'n1', b: 'n2', c: 'n3' },
      // a: 1000 + 400 + 1000 = 2400 at c; b: 2000 + 400 = 2400 at c.
      want: { latencyMicros: 2400 + 4000, syncMicros: 0 },
    },
    'the later branch is the critical path': {
      items: [...star, join()],
      where: { a: 'n1', b: 'n3', c: 'n3' },
      want: { latencyMicros: 2400 + 4000, syncMicros: 400, criticalPath: ['a', 'c'] },
    },
    'one sync input has nothing to wait for': {
      items: [...star, join({ sync: false })],
      where: { a: 'n1', b: 'n3', c: 'n3' },
      want: { latencyMicros: 2400 + 4000, syncMicros: 0 },
    },
    'ℓ is the latest end over all entry services and exits': {
      items: [
        ...star,
        dag('d', {
          ingress: [{ region: 'r' }],
          microservices: [service('a', { work: '1M' }), service('b', { work: '5M' })],
        }),
      ],
      where: { a: 'n1', b: 'n2' },
      want: { latencyMicros: 5200, criticalPath: ['b'] },
    },
    'jitter is the root of the summed variances on the way: band, access and calls': {
      items: [...wired, chain({ ingress: [{ region: 'r', band: 'mmWave' }] }, { minBandwidth: '20M' })],
      where: { a: 'n1', b: 'n2' },
      // 30² + 40² (in) + 40² + 90² (n1–r–n2), in µs².
      want: { jitterMicros: Math.round(Math.sqrt(900 + 1600 + 1600 + 8100)) },
    },
    'jitter of a branch that is not critical does not count': {
      items: [...wired, join({ payload: '0' })],
      where: { a: 'n1', b: 'n2', c: 'n1' },
      // a on c's node: 1000; b: 1000 (mips 2000) + 100 on the narrow link: critical, 120 µs.
      want: { jitterMicros: 120, syncMicros: 100, latencyMicros: 1100 + 4000 },
    },
    'jitter without any latency is still jitter': {
      items: [
        region('r', { links: [link('r', 'n1', { latency: '0us', jitter: '70us' })] }),
        node('n1'),
        alone({ ingress: [{ region: 'r' }] }, '0'),
      ],
      where: { a: 'n1' },
      want: { latencyMicros: 0, jitterMicros: 70 },
    },
    'success counts each link once, whoever crosses it, in either direction': {
      items: [
        ...wired,
        dag('d', {
          ingress: [{ region: 'r', band: 'mmWave' }],
          microservices: ['a', 'b', 'c'],
          edges: [
            { from: 'a', to: 'b', minBandwidth: '20M' },
            { from: 'b', to: 'c', minBandwidth: '20M' },
          ],
        }),
      ],
      where: { a: 'n1', b: 'n2', c: 'n1' },
      // r–n1 in, a→b and b→c; r–n2; the band.
      want: { successPpm: Math.round(0.99 * 0.9 * 0.8 * 1e6) },
    },
    'several ingress regions: the mean by rate, the worst beside it': {
      items: [
        ...star,
        region('s', { links: [link('s', 'r', { latency: '4ms' })] }),
        alone(
          {
            ingress: [
              { region: 'r', requestsPerSecond: '3' },
              { region: 's', requestsPerSecond: '1' },
            ],
          },
          '0',
        ),
      ],
      where: { a: 'n1' },
      want: { latencyMicros: 0.75 * 200 + 0.25 * 4200, worstLatencyMicros: 4200 },
    },
    'without rates the plain mean': {
      items: [
        ...star,
        region('s', { links: [link('s', 'r', { latency: '4ms' })] }),
        alone({ ingress: [{ region: 'r' }, { region: 's' }] }, '0'),
      ],
      where: { a: 'n1' },
      want: { latencyMicros: 2200, worstLatencyMicros: 4200 },
    },
    'the success of several ingress regions is the mean of what each one meets': {
      items: [
        ...wired,
        region('s', { links: [link('s', 'n1', { success: '0.6' })] }),
        alone({ ingress: [{ region: 'r', band: 'mmWave' }, { region: 's' }] }),
      ],
      where: { a: 'n1' },
      want: { successPpm: Math.round(((0.99 * 0.9 + 0.6) / 2) * 1e6) },
    },
    'replicas: the mean over the flows, the slowest beside it': {
      items: [...wired, dag('d', { microservices: [service('a', { work: '2M', replicas: 2 })] })],
      where: { a: ['n1', 'n2'] },
      want: { latencyMicros: 1500, worstLatencyMicros: 2000 },
    },
    'replicas of caller and callee: each callee waits for the mean of its callers': {
      items: [
        ...star,
        dag('d', {
          microservices: [service('a', { replicas: 2 }), service('b', { replicas: 2, work: '1M' })],
          edges: [{ from: 'a', to: 'b', payload: MEGABIT }],
        }),
      ],
      where: { a: ['n1', 'n2'], b: ['n1', 'n3'] },
      // to n1: 0 and 1400, mean 700; to n3: 1400 and 1400; then 1000 each.
      want: { latencyMicros: 1050 + 1000, worstLatencyMicros: 2400 },
    },
    'zero work, payload and latency are legal': {
      items: [
        region('r', { links: [link('r', 'n1', { latency: '0us' }), link('n1', 'n2', { latency: '0us' })] }),
        node('n1'),
        node('n2'),
        dag('d', { ingress: [{ region: 'r' }], microservices: ['a', 'b'], edges: [{ from: 'a', to: 'b' }] }),
      ],
      where: { a: 'n1', b: 'n2' },
      want: { latencyMicros: 0, worstLatencyMicros: 0, jitterMicros: 0, syncMicros: 0, successPpm: 1e6 },
    },
  };
  for (const [name, { items, where, want }] of Object.entries(cases)) {
    it(name, () => {
      const { predicted, feasible } = judged(items, where);
      const found = Object.fromEntries(Object.keys(want).map((key) => [key, predicted[key as 'steps']]));
      assert.deepEqual(found, want);
      assert.equal(feasible, true);
    });
  }

  it('the parts of the critical path sum to ℓ', () => {
    const { predicted } = judged(
      [
        ...wired,
        chain({ ingress: [{ region: 'r', band: 'mmWave', payload: MEGABIT }] }, { payload: MEGABIT }),
      ],
      { a: 'n3', b: 'n2' },
    );
    assert.equal(
      predicted.steps.reduce((sum, step) => sum + step.micros, 0),
      predicted.latencyMicros,
    );
    assert.deepEqual(predicted.criticalPath, ['a', 'b']);
  });
});

describe('bandwidth that others have reserved', () => {
  it('slows an edge by what the other edges of the DAG reserve, not by its own', () => {
    const { predicted, routes } = judged(
      [
        ...star,
        dag('d', {
          microservices: ['a', 'b', 'c'],
          edges: [
            { from: 'a', to: 'b', payload: MEGABIT, minBandwidth: '600M' },
            { from: 'a', to: 'c', payload: MEGABIT, minBandwidth: '200M' },
          ],
        }),
      ],
      { a: 'n1', b: 'n2', c: 'n3' },
    );
    // n1–r carries both: a→b sees 800 Mbit/s, a→c 400 Mbit/s.
    assert.deepEqual(
      routes.map((r) => r.paths.map((p) => [p.latencyMicros, p.bandwidthBps])),
      [[[400 + 1250, 600_000_000]], [[400 + 2500, 200_000_000]]],
    );
    assert.equal(predicted.latencyMicros, 2900);
  });

  it('slows the users’ way in as well', () => {
    const items = [
      ...star,
      dag('d', {
        ingress: [{ region: 'r', payload: MEGABIT }],
        microservices: [service('a', { replicas: 2 }), 'b'],
        edges: [{ from: 'a', to: 'b', minBandwidth: '500M' }],
      }),
    ];
    // Calls from the replica on n2 enter n1, where the other replica stands: 250 of 1000 Mbit/s are gone.
    const { predicted, ingress } = judged(items, { a: ['n1', 'n2'], b: 'n1' });
    assert.deepEqual(
      ingress.map((way) => way.latencyMicros),
      [Math.round(200 + 1e9 / 750e3), 1200],
    );
    assert.equal(predicted.latencyMicros, Math.round((200 + 1e9 / 750e3 + 1200 + 400) / 2));
  });

  it('counts reservations of DAGs that came before, and gives them back', () => {
    const other = dag('first', {
      microservices: ['x', 'y'],
      edges: [{ from: 'x', to: 'y', minBandwidth: '750M' }],
    });
    const { snapshot, dags } = worldOf([...star, other, chain({}, { payload: MEGABIT })]);
    const [first, second] = dags.map((d) => instanceOf(snapshot, d));
    const claim = judge(first!, placed(first!, { x: 'n1', y: 'n2' })).claim;
    const beside = instanceOf(withClaim(snapshot, claim), dags[1]!);
    const where = { a: 'n1', b: 'n2' };
    assert.equal(judge(beside, placed(beside, where)).predicted.latencyMicros, 2000 + 400 + 4000 + 1500);
    assert.equal(judge(second!, placed(second!, where)).predicted.latencyMicros, 2000 + 400 + 1000 + 1500);
    // The other way is another matter: links are full duplex.
    const back = { a: 'n2', b: 'n1' };
    assert.equal(judge(beside, placed(beside, back)).predicted.latencyMicros, 2000 + 400 + 1000 + 1500);
    const mine = instanceOf(withClaim(snapshot, claim), dags[0]!);
    assert.equal(
      judge(mine, placed(mine, { x: 'n1', y: 'n2' })).feasible,
      true,
      'what one holds is no obstacle to itself',
    );
  });

  it('reserves the larger of the floor and rate × calls × payload × 8', () => {
    const reserved = (edge: Item): number[] =>
      judged([...star, chain({ ingress: [{ region: 'r', requestsPerSecond: '50' }] }, edge)], {
        a: 'n1',
        b: 'n2',
      }).claim.arcs.map(({ bps }) => bps);
    assert.deepEqual(reserved({ payload: '1000', callsPerRequest: '2' }), [800_000, 800_000]);
    assert.deepEqual(reserved({ payload: '1000', callsPerRequest: '2', minBandwidth: '1M' }), [1e6, 1e6]);
    assert.deepEqual(reserved({ payload: '1000', minBandwidth: '1k' }), [400_000, 400_000]);
    assert.deepEqual(reserved({}), [0, 0]);
  });

  it('three replicas share what the edge reserves to the last bit: a link that is just wide enough holds', () => {
    const items = [
      ...star,
      dag('d', {
        microservices: [service('a', { replicas: 3 }), 'b'],
        edges: [{ from: 'a', to: 'b', minBandwidth: '1G' }],
      }),
    ];
    const { feasible, claim } = judged(items, { a: ['n1', 'n1', 'n1'], b: 'n2' });
    assert.equal(feasible, true);
    assert.equal(
      claim.arcs.reduce((sum, { bps }) => sum + bps, 0),
      2e9,
    );
  });

  it('a full link still carries what needs no bandwidth', () => {
    const full = dag('first', {
      microservices: ['x', 'y'],
      edges: [{ from: 'x', to: 'y', minBandwidth: '1G' }],
    });
    const { snapshot, dags } = worldOf([...star, full, chain()]);
    const first = instanceOf(snapshot, dags[0]!);
    const after = withClaim(snapshot, judge(first, placed(first, { x: 'n1', y: 'n2' })).claim);
    const second = instanceOf(after, dags[1]!);
    const { feasible, predicted } = judge(second, placed(second, { a: 'n1', b: 'n2' }));
    assert.deepEqual([feasible, predicted.latencyMicros], [true, 2000 + 400 + 1500]);
    assert.equal(Math.min(...second.usable.free), 0);
    const heavy = worldOf([...star, full, chain({}, { payload: '1' })]);
    const third = instanceOf({ ...after }, heavy.dags[1]!);
    const { violations } = judge(third, placed(third, { a: 'n1', b: 'n2' }));
    assert.deepEqual(
      violations.map((v) => v.constraint),
      ['edges[a→b].minBandwidth'],
    );
  });
});

describe('limits', () => {
  const edge = (limit: Item, over: Item = {}): readonly string[] =>
    judged([...star, chain(over, { payload: MEGABIT, ...limit })], { a: 'n1', b: 'n2' })
      .violations.filter((v) => v.hard)
      .map((v) => v.constraint);
  const cases: Record<string, { found: readonly string[]; want: readonly string[] }> = {
    'a per-edge limit holds with equality': { found: edge({ maxLatency: '1400us' }), want: [] },
    'and not a microsecond more': {
      found: edge({ maxLatency: '1399us' }),
      want: ['edges[a→b].maxLatency'],
    },
    'a bandwidth holds with equality': { found: edge({ minBandwidth: '1G' }), want: [] },
    'and not a bit more': { found: edge({ minBandwidth: '1000000001' }), want: ['edges[a→b].minBandwidth'] },
    'Required QoS is hard, with equality': {
      found: edge({}, { qos: { maxLatency: '4900us', enforcement: 'Required' } }),
      want: [],
    },
    'Required QoS is hard': {
      found: edge({}, { qos: { maxLatency: '4899us', enforcement: 'Required' } }),
      want: ['qos.maxLatency'],
    },
    'Preferred QoS is not': { found: edge({}, { qos: { maxLatency: '1us' } }), want: [] },
    'CPU fits with equality': {
      found: judged([...star, alone({}, '1M', '4')], { a: 'n1' }).violations.map((v) => v.constraint),
      want: [],
    },
    'and not a thousandth more': {
      found: judged([...star, alone({}, '1M', '4001m')], { a: 'n1' }).violations.map((v) => v.constraint),
      want: ['microservices[a].template.spec.containers.resources.requests.cpu'],
    },
  };
  for (const [name, { found, want }] of Object.entries(cases)) it(name, () => assert.deepEqual(found, want));

  it('every QoS limit is named, the soft ones as soft', () => {
    const qos = { maxLatency: '1us', maxJitter: '1us', maxSync: '1us', minSuccess: '0.99999' };
    const { violations, feasible } = judged([...wired, join({}, { qos })], { a: 'n1', b: 'n3', c: 'n2' });
    assert.deepEqual(
      violations.map((v) => [v.constraint, v.hard]),
      [
        ['qos.maxLatency', false],
        ['qos.maxJitter', false],
        ['qos.maxSync', false],
        ['qos.minSuccess', false],
      ],
    );
    assert.equal(feasible, true);
  });

  it('two services of half a node’s memory fill it exactly', () => {
    const half = (name: string): Item => service(name, { cpu: '1', requests: { memory: '4Gi' } });
    const items = [...star, dag('d', { microservices: [half('a'), half('b')] })];
    assert.deepEqual(judged(items, { a: 'n1', b: 'n1' }).violations, []);
  });

  it('one broken limit is not outvoted by many that hold', () => {
    const edges = ['b', 'c', 'e'].map((to) => ({ from: 'a', to, maxLatency: to === 'e' ? '399us' : '1s' }));
    const items = [...star, dag('d', { microservices: ['a', 'b', 'c', 'e'], edges })];
    const { feasible, violations } = judged(items, { a: 'n1', b: 'n1', c: 'n1', e: 'n2' });
    assert.equal(feasible, false);
    assert.deepEqual(
      violations.map(({ constraint, limit, value }) => ({ constraint, limit, value })),
      [{ constraint: 'edges[a→e].maxLatency', limit: 399, value: 400 }],
    );
  });

  it('a missing link is a broken limit, not a free ride', () => {
    const items = [
      region('r', { links: [link('r', 'n1')] }),
      region('s'),
      node('n1'),
      node('n2', { region: 's' }),
      chain(),
    ];
    const { feasible, violations, predicted } = judged(items, { a: 'n1', b: 'n2' });
    assert.equal(feasible, false);
    assert.equal(violations[0]?.constraint, 'edges[a→b]');
    assert.equal(predicted.latencyMicros, Number.MAX_SAFE_INTEGER);
  });

  it('users who cannot come in are a broken limit, even if none come', () => {
    const ingress = [
      { region: 'r', requestsPerSecond: '1' },
      { region: 's', requestsPerSecond: '0' },
    ];
    const { violations, predicted } = judged([...star, region('s'), alone({ ingress })], { a: 'n1' });
    assert.deepEqual(
      violations.map((v) => [v.constraint, v.hard]),
      [['ingress[s]', true]],
    );
    assert.equal(predicted.latencyMicros, Math.round(200 + 2000 + (0.002 / 0.998) * 2000));
  });

  it('a replica on a node that its checks keep out is a broken limit', () => {
    const items = [...star, node('n4', { spec: { unschedulable: true } }), alone()];
    const { violations, feasible } = judged(items, { a: 'n4' });
    assert.deepEqual(
      violations.map((v) => v.constraint),
      ['node.schedulable'],
    );
    assert.equal(feasible, false);
  });

  it('more or fewer replicas than allowed are a broken limit', () => {
    const { snapshot, dags } = worldOf([
      ...star,
      dag('d', { microservices: [service('a', { replicas: 2, max: 3 })] }),
    ]);
    const constraints = (count: number): string[] => {
      const instance = instanceOf(snapshot, dags[0]!, () => count);
      return judge(instance, new Int32Array(count)).violations.map((v) => v.constraint);
    };
    assert.deepEqual([1, 2, 3, 4].map(constraints), [
      ['microservices[a].replicas'],
      [],
      [],
      ['microservices[a].replicas'],
    ]);
  });
});

describe('what a judgement holds', () => {
  it('is what the ledger shows, and nothing once it is released', () => {
    const { snapshot, dags } = worldOf([...star, chain({}, { minBandwidth: '100M' })]);
    const instance = instanceOf(snapshot, dags[0]!);
    const { claim } = judge(instance, placed(instance, { a: 'n1', b: 'n2' }));
    const held = withClaim(snapshot, claim);
    const cpu = snapshot.resources.indexOf('cpu');
    const ledger = ledgerWithout(held, undefined);
    assert.deepEqual(
      [0, 1, 2].map((h) => ledger.used[h * snapshot.resources.length + cpu]),
      [1000, 2000, 0],
    );
    assert.equal(
      ledger.reserved.reduce((a, b) => a + b, 0),
      2e8,
    );
    ledger.release(claim.owner);
    assert.deepEqual([...new Set([...ledger.used, ...ledger.reserved])], [0]);
  });
});

describe('given', () => {
  it('refuses a service with work and no CPU request', () => {
    assert.throws(() => given([...star, alone({}, '1M', '0')]), /needs a CPU request/);
  });
});
