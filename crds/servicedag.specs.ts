import { good, rows } from './spec-row.ts';
import type { SpecRow } from './spec-row.ts';

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

const repeat = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Good and bad ServiceDAGs. */
export const SERVICE_DAGS: readonly SpecRow[] = [
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
];
