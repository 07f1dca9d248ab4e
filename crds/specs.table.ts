/**
 * Good and bad specs of every kind: one table for the parser (specs.test.ts) and for a real API server (e2e/crds.e2e.test.ts),
 * so that the two cannot drift apart.
 */
export interface SpecRow {
  /** A sentence. */
  readonly says: string;
  readonly kind: 'ServiceDAG' | 'EdgeRegion' | 'DeploymentPlan';
  readonly spec: unknown;
  /** `fixture` when absent. */
  readonly name?: string;
  /** Absent = the spec is good. */
  readonly refused?: {
    /** The field the parser names; the server names it, its parent or its child. */
    readonly field: string;
    /** `parser`: the schema cannot say it (the webhook does); `both`: the API server alone refuses it too. */
    readonly by: 'both' | 'parser';
    /** Part of the parser's message or advice. */
    readonly words?: string;
  };
}

const template = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '500m' } } }] } };
const service = (name: string, more: object = {}): object => ({ name, template, ...more });

/** A plain spec with something else in it. */
const dag = (over: object = {}): object => ({
  ingress: [{ region: 'cbd-north', requestsPerSecond: '120', band: 'mmWave', payload: '300Ki' }],
  microservices: [service('capture'), service('stitch', { work: '120M' })],
  edges: [{ from: 'capture', to: 'stitch', payload: '150Ki' }],
  ...over,
});
const withService = (more: object): object =>
  dag({ microservices: [service('capture'), service('stitch', more)] });
const withEdge = (more: object): object => dag({ edges: [{ from: 'capture', to: 'stitch', ...more }] });
const chain = (...ends: [string, string][]): object => ({
  microservices: ['a', 'b', 'c'].map((name) => service(name)),
  edges: ends.map(([from, to]) => ({ from, to })),
});

const link = { from: 'edge-1', to: 'edge-2', latency: '300us', bandwidth: '1G' };
const band = { name: 'mmWave', latency: '700us', bandwidth: '1G' };
const selector = { matchLabels: { 'edgeloom.dev/region': 'cbd-north' } };
const region = (over: object = {}): object => ({ nodeSelector: selector, ...over });
const withLink = (more: object): object => region({ topology: { links: [{ ...link, ...more }] } });

const ranked = [{ node: 'edge-1', sharePpm: 1_000_000 }];
const assignment = { microservice: 'stitch', replica: 0, ranked };
const path = {
  via: ['edge-1', 'edge-2'],
  fromRegion: 'cbd-north',
  toRegion: 'cbd-north',
  weightPpm: 1_000_000,
};
const route = { from: 'capture', to: 'stitch', slice: 'xr', paths: [path] };
const plan = (over: object = {}): object => ({ dag: { name: 'stitching' }, source: 'Search', ...over });
const withSection = (more: object): object => plan({ regions: [{ region: 'cbd-north', ...more }] });

type Refused = [says: string, spec: unknown, field: string, words?: string];

const rows = (kind: SpecRow['kind'], by: 'both' | 'parser', table: readonly Refused[]): SpecRow[] =>
  table.map(([says, spec, field, words]) => ({
    says,
    kind,
    spec,
    refused: { field, by, ...(words === undefined ? {} : { words }) },
  }));

const good = (kind: SpecRow['kind'], table: Record<string, unknown>): SpecRow[] =>
  Object.entries(table).map(([says, spec]) => ({ says, kind, spec }));

const repeat = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Every row. */
export const SPECS: readonly SpecRow[] = [
  ...good('ServiceDAG', {
    'an ordinary graph': dag(),
    'one microservice, everything else left to the defaults': { microservices: [service('only')] },
    'zero work, payload, calls and latency': {
      ...dag({ microservices: [service('capture', { work: '0' }), service('stitch', { work: '0.0M' })] }),
      edges: [
        {
          from: 'capture',
          to: 'stitch',
          payload: '0',
          callsPerRequest: '0',
          maxLatency: '0us',
          minBandwidth: '0',
        },
      ],
    },
    'no work and no CPU request': dag({
      microservices: [
        { name: 'capture', template: { spec: { containers: [{ name: 'main' }] } } },
        service('stitch'),
      ],
    }),
    'whole numbers without quotes': withEdge({
      payload: 4096,
      callsPerRequest: 2,
      minBandwidth: 500_000_000,
    }),
    'limits that are equal': withService({ replicas: { min: 3, max: 3 } }),
    'replicas without a maximum': withService({ replicas: { min: 3 } }),
    'every limit of the quality of service': dag({
      qos: {
        maxLatency: '20ms',
        maxJitter: '0ms',
        maxSync: '1.5ms',
        minSuccess: '0.999',
        enforcement: 'Required',
      },
    }),
    'success in thousandths': dag({ qos: { minSuccess: '999m' } }),
    'success as a whole number': dag({ qos: { minSuccess: 1 } }),
    'a join and a diamond': {
      microservices: ['a', 'b', 'c', 'd'].map((name) => service(name)),
      edges: [
        { from: 'a', to: 'b', sync: true },
        { from: 'a', to: 'c', sync: true },
        { from: 'b', to: 'd' },
        { from: 'c', to: 'd' },
      ],
    },
    'pod fields that Edgeloom does not know': dag({
      microservices: [
        service('capture'),
        service('stitch', {
          template: {
            metadata: { labels: { team: 'xr' } },
            spec: {
              ...template.spec,
              runtimeClassName: 'nvidia',
              nodeSelector: { 'kubernetes.io/arch': 'amd64' },
              tolerations: [{ key: 'gpu', operator: 'Exists', tolerationSeconds: 30 }],
              volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }],
            },
          },
        }),
      ],
    }),
    'placement and routing in full': dag({
      placement: { candidates: 1, fallback: { after: '2m', mode: 'Hold' }, moveBudget: 0 },
      routing: { mechanism: 'Gateway' },
    }),
    'the most microservices and edges': {
      microservices: repeat(64, (i) => service(`m${i}`)),
      edges: repeat(256, (i) => ({ from: `m${Math.floor(i / 16)}`, to: `m${16 + (i % 16)}` })),
    },
  }),
  ...rows('ServiceDAG', 'both', [
    [
      'an edge that leads nowhere',
      dag({ edges: [{ from: 'capture', to: 'ghost' }] }),
      'spec.edges[0].to',
      'edge capture→ghost',
    ],
    [
      'an edge that comes from nowhere',
      dag({ edges: [{ from: 'capturf', to: 'stitch' }] }),
      'spec.edges[0].from',
      'did you mean capture?',
    ],
    [
      'a microservice that calls itself',
      dag({ edges: [{ from: 'stitch', to: 'stitch' }] }),
      'spec.edges[0].to',
      'must not call itself',
    ],
    [
      'two microservices of one name',
      dag({ microservices: [service('capture'), service('stitch'), service('stitch')] }),
      'spec.microservices[2]',
      'duplicate',
    ],
    [
      'the same edge twice',
      dag({
        edges: [
          { from: 'capture', to: 'stitch' },
          { from: 'capture', to: 'stitch', payload: '1' },
        ],
      }),
      'spec.edges[1]',
      'duplicate',
    ],
    ['min above max', withService({ replicas: { min: 3, max: 2 } }), 'spec.microservices[1].replicas.min'],
    ['no replica', withService({ replicas: { min: 0 } }), 'spec.microservices[1].replicas.min'],
    [
      'an unknown band',
      dag({ ingress: [{ region: 'cbd-north', band: 'mmwave' }] }),
      'spec.ingress[0].band',
      'did you mean mmWave?',
    ],
    [
      'a misspelt field',
      dag({ qos: { maxLatancy: '20ms' } }),
      'spec.qos.maxLatancy',
      'did you mean maxLatency?',
    ],
    [
      'a misspelt field of the template',
      withService({ template: { ...template, sepc: {} } }),
      'spec.microservices[1].template.sepc',
      'did you mean spec?',
    ],
    ['an unknown class', dag({ class: 'Imersive' }), 'spec.class', 'did you mean Immersive?'],
    ['no microservice', dag({ microservices: [], edges: [] }), 'spec.microservices'],
    ['microservices left out', { ingress: [] }, 'spec.microservices', 'missing'],
    ['too many microservices', { microservices: repeat(65, (i) => service(`m${i}`)) }, 'spec.microservices'],
    [
      'too many edges',
      {
        microservices: repeat(64, (i) => service(`m${i}`)),
        edges: repeat(257, (i) => ({ from: `m${Math.floor(i / 16)}`, to: `m${17 + (i % 16)}` })),
      },
      'spec.edges',
    ],
    [
      'work without a CPU request',
      withService({ work: '120M', template: { spec: { containers: [{ name: 'main' }] } } }),
      'spec.microservices[1].template.spec.containers',
      'CPU request',
    ],
    [
      'work with a CPU request of zero',
      withService({
        work: 7,
        template: { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '0m' } } }] } },
      }),
      'spec.microservices[1].template.spec.containers',
    ],
    [
      'a template without containers',
      withService({ template: { spec: { containers: [] } } }),
      'spec.microservices[1].template.spec.containers',
    ],
    [
      'a container without a name',
      withService({ template: { spec: { containers: [{ image: 'x' }] } } }),
      'spec.microservices[1].template.spec.containers[0].name',
    ],
    [
      'no template',
      dag({ microservices: [{ name: 'capture' }, service('stitch')] }),
      'spec.microservices[0].template',
    ],
    [
      'a request that is no quantity',
      withService({
        template: { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '2 cores' } } }] } },
      }),
      'spec.microservices[1].template.spec.containers[0].resources.requests.cpu',
    ],
    [
      'a name in capitals',
      dag({ microservices: [service('Capture'), service('stitch')], edges: [] }),
      'spec.microservices[0].name',
    ],
    [
      'a name that is too long',
      dag({ microservices: [service('x'.repeat(64))], edges: [] }),
      'spec.microservices[0].name',
    ],
    ['a port of zero', withService({ port: 0 }), 'spec.microservices[1].port'],
    ['a port too high', withService({ port: 65536 }), 'spec.microservices[1].port', 'at most 65535'],
    ['a duration without a unit', dag({ qos: { maxLatency: '20' } }), 'spec.qos.maxLatency', '20ms'],
    ['a duration with a space', withEdge({ maxLatency: '5 ms' }), 'spec.edges[0].maxLatency'],
    ['a duration that is a number', withEdge({ maxLatency: 5 }), 'spec.edges[0].maxLatency', 'in quotes'],
    ['a negative duration', dag({ qos: { maxJitter: '-1ms' } }), 'spec.qos.maxJitter'],
    ['a latency limit of zero', dag({ qos: { maxLatency: '0.0ms' } }), 'spec.qos.maxLatency', 'above zero'],
    ['a success above one', dag({ qos: { minSuccess: '1.01' } }), 'spec.qos.minSuccess'],
    ['a success of 1001 thousandths', dag({ qos: { minSuccess: '1001m' } }), 'spec.qos.minSuccess'],
    ['a success that is a float', dag({ qos: { minSuccess: 0.999 } }), 'spec.qos.minSuccess', 'quotes'],
    ['a negative payload', withEdge({ payload: '-1Ki' }), 'spec.edges[0].payload'],
    ['a negative whole number', withEdge({ payload: -1 }), 'spec.edges[0].payload'],
    ['a payload in KB', withEdge({ payload: '150KB' }), 'spec.edges[0].payload', '1500Ki'],
    ['work that is no quantity', withService({ work: 'lots' }), 'spec.microservices[1].work'],
    ['an unknown protocol', withEdge({ protocol: 'http' }), 'spec.edges[0].protocol', 'did you mean HTTP?'],
    ['sync that is a word', withEdge({ sync: 'yes' }), 'spec.edges[0].sync', 'true or false'],
    [
      'an unknown enforcement',
      dag({ qos: { enforcement: 'Strict' } }),
      'spec.qos.enforcement',
      'known: Preferred, Required',
    ],
    ['no candidate', dag({ placement: { candidates: 0 } }), 'spec.placement.candidates'],
    [
      'an unknown fallback',
      dag({ placement: { fallback: { mode: 'Relase' } } }),
      'spec.placement.fallback.mode',
      'did you mean Release?',
    ],
    ['an unknown mechanism', dag({ routing: { mechanism: 'Istio' } }), 'spec.routing.mechanism'],
    ['an ingress without a region', dag({ ingress: [{ band: 'mmWave' }] }), 'spec.ingress[0].region'],
    ['a slice that is no label', dag({ slice: 'x r' }), 'spec.slice'],
  ]),
  {
    says: 'a name that is no label',
    kind: 'ServiceDAG',
    spec: dag(),
    name: 'a.b',
    refused: { field: 'metadata.name', by: 'both' },
  },
  {
    says: 'a name too long for a label',
    kind: 'ServiceDAG',
    spec: dag(),
    name: 'a'.repeat(64),
    refused: { field: 'metadata.name', by: 'both' },
  },
  ...rows('ServiceDAG', 'parser', [
    ['a cycle of two', chain(['a', 'b'], ['b', 'a']), 'spec.edges[0]', 'cycle a → b → a'],
    ['a cycle of three', chain(['b', 'c'], ['a', 'b'], ['c', 'a']), 'spec.edges[1]', 'cycle a → b → c → a'],
    [
      'a cycle behind an entry',
      chain(['a', 'b'], ['b', 'c'], ['c', 'b']),
      'spec.edges[1]',
      'cycle b → c → b',
    ],
  ]),
  ...good('EdgeRegion', {
    'a region with its selector only': region(),
    'a region in full': region({
      tier: 'Cloud',
      topology: {
        attachment: { latency: '200us', bandwidth: '2G' },
        waypoints: ['metro-ring', 'switch-1'],
        links: [
          { ...link, jitter: '50us', success: '0.9999', slices: ['xr'], oneWay: true },
          { from: 'cbd-north', to: 'metro-ring', latency: '0us', bandwidth: 40_000_000_000 },
        ],
      },
      radio: {
        bands: [
          { ...band, jitter: '100us', success: '0.9995' },
          { ...band, name: 'sub6' },
        ],
      },
      agent: { policy: 'smappo-v3', period: '500ms', trust: { sensitivity: '2.5', max: '1' } },
      pool: { cidr: '10.42.16.0/20' },
    }),
    'an IPv6 pool': region({ pool: { cidr: 'fd00:10:42::/64' } }),
  }),
  ...rows('EdgeRegion', 'both', [
    ['a region without a selector', {}, 'spec.nodeSelector', 'missing'],
    [
      'a selector that selects nothing',
      { nodeSelector: { matchLabels: {} } },
      'spec.nodeSelector.matchLabels',
    ],
    [
      'a label that is a number',
      { nodeSelector: { matchLabels: { zone: 1 } } },
      'spec.nodeSelector.matchLabels.zone',
      'in quotes: "1"',
    ],
    ['a link to itself', withLink({ to: 'edge-1' }), 'spec.topology.links[0].to'],
    [
      'a link without bandwidth',
      region({ topology: { links: [{ from: 'a', to: 'b', latency: '1ms' }] } }),
      'spec.topology.links[0].bandwidth',
    ],
    [
      'a link with a bandwidth of zero',
      withLink({ bandwidth: '0.0G' }),
      'spec.topology.links[0].bandwidth',
      'above zero',
    ],
    [
      'a link with an unquoted bandwidth of zero',
      withLink({ bandwidth: 0 }),
      'spec.topology.links[0].bandwidth',
    ],
    [
      'a link with a latency that is no duration',
      withLink({ latency: '1sec' }),
      'spec.topology.links[0].latency',
    ],
    ['a link that carries no slice', withLink({ slices: [] }), 'spec.topology.links[0].slices'],
    ['a success of a link above one', withLink({ success: '2' }), 'spec.topology.links[0].success'],
    [
      'a misspelt field of a link',
      withLink({ oneway: true }),
      'spec.topology.links[0].oneway',
      'did you mean oneWay?',
    ],
    [
      'a waypoint named twice',
      region({ topology: { waypoints: ['ring', 'ring'] } }),
      'spec.topology.waypoints[1]',
      'duplicate',
    ],
    [
      'an unknown band',
      region({ radio: { bands: [{ ...band, name: '5G' }] } }),
      'spec.radio.bands[0].name',
      'known: lte',
    ],
    ['a band named twice', region({ radio: { bands: [band, band] } }), 'spec.radio.bands[1]', 'duplicate'],
    ['an unknown tier', region({ tier: 'edge' }), 'spec.tier', 'did you mean Edge?'],
    ['a period of zero', region({ agent: { period: '0s' } }), 'spec.agent.period'],
    ['a trust above one', region({ agent: { trust: { max: '1.5' } } }), 'spec.agent.trust.max'],
    [
      'a pool that is an address',
      region({ pool: { cidr: '10.42.16.0' } }),
      'spec.pool.cidr',
      '10.42.16.0/20',
    ],
    ['a pool that is too wide', region({ pool: { cidr: '10.42.16.0/33' } }), 'spec.pool.cidr'],
  ]),
  {
    says: 'a region whose name is no label',
    kind: 'EdgeRegion',
    spec: region(),
    name: 'cbd.north',
    refused: { field: 'metadata.name', by: 'both' },
  },
  ...good('DeploymentPlan', {
    'a plan that places nothing': plan(),
    'a plan in full': plan({
      dag: { name: 'stitching', uid: '0b9c', generation: 3 },
      window: 42,
      source: 'LLM',
      regions: [
        {
          region: 'cbd-north',
          assignments: [assignment, { ...assignment, replica: 1 }],
          rewardWeightsPpm: [700_000, 100_000, 100_000, 100_000],
          penaltyWeightsPpm: [1, 2, 3],
          cooperationMilli: -250,
          predictedReturnPpm: -120_000,
          embedding: 'AACAPw==',
        },
      ],
      routes: [route],
      predicted: { latencyMicros: 18_250, successPpm: 999_100, criticalPath: ['capture', 'stitch'] },
      provenance: { planner: 'search', traces: ['t-1'], candidates: 3, elapsedMicros: 4200 },
    }),
  }),
  ...rows('DeploymentPlan', 'both', [
    ['a plan for nobody', { source: 'Search' }, 'spec.dag', 'missing'],
    ['an unknown source', plan({ source: 'Oracle' }), 'spec.source', 'known: Search'],
    [
      'two sections of one region',
      plan({ regions: [{ region: 'a' }, { region: 'a' }] }),
      'spec.regions[1]',
      'duplicate',
    ],
    [
      'a replica placed twice',
      withSection({ assignments: [assignment, assignment] }),
      'spec.regions[0].assignments[1]',
      'duplicate',
    ],
    [
      'a replica with no node',
      withSection({ assignments: [{ ...assignment, ranked: [] }] }),
      'spec.regions[0].assignments[0].ranked',
    ],
    [
      'a node ranked twice',
      withSection({ assignments: [{ ...assignment, ranked: [...ranked, ...ranked] }] }),
      'spec.regions[0].assignments[0].ranked[1]',
      'duplicate',
    ],
    [
      'a share above a million',
      plan({ routes: [{ ...route, paths: [{ ...path, weightPpm: 1_000_001 }] }] }),
      'spec.routes[0].paths[0].weightPpm',
    ],
    [
      'a weight that is a float',
      plan({ routes: [{ ...route, paths: [{ ...path, weightPpm: 0.5 }] }] }),
      'spec.routes[0].paths[0].weightPpm',
    ],
    ['a route twice', plan({ routes: [route, route] }), 'spec.routes[1]', 'duplicate'],
    [
      'a path over nothing',
      plan({ routes: [{ ...route, paths: [{ ...path, via: [] }] }] }),
      'spec.routes[0].paths[0].via',
    ],
    [
      'three reward weights',
      withSection({ rewardWeightsPpm: [1, 2, 3] }),
      'spec.regions[0].rewardWeightsPpm',
    ],
    [
      'an unknown field',
      plan({ provenance: { plannr: 'x' } }),
      'spec.provenance.plannr',
      'did you mean planner?',
    ],
  ]),
];
