import { cell, numberCell, type Row } from './csv.ts';

/** A comment for the thing at a path of the manifest. */
export interface Note {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

interface Microservice {
  readonly name: string;
  readonly work: string;
  readonly replicas: { readonly min: number; readonly max: number };
  readonly port: number;
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly containers: readonly {
        readonly name: string;
        readonly image: string;
        readonly resources: { readonly requests: { readonly cpu: string; readonly memory: string } };
      }[];
    };
  };
}

interface Call {
  readonly from: string;
  readonly to: string;
  readonly payload: string;
  readonly callsPerRequest: string;
  readonly maxLatency?: string;
  readonly minBandwidth?: string;
}

interface Qos {
  readonly maxLatency: string;
  readonly maxJitter: string;
  readonly minSuccess: string;
  readonly enforcement: 'Preferred';
}

export interface DagManifest {
  readonly apiVersion: 'edgeloom.dev/v1alpha1';
  readonly kind: 'ServiceDAG';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly class: 'Immersive' | 'Massive' | 'Twin';
    readonly tenant: string;
    readonly ingress: readonly Readonly<Record<string, string>>[];
    readonly qos: Qos;
    readonly microservices: readonly Microservice[];
    readonly edges: readonly Call[];
  };
}

export interface Application {
  readonly manifest: DagManifest;
  readonly title: string;
  readonly notes: readonly Note[];
}

export interface Tables {
  readonly boutiqueServices: readonly Row[];
  readonly boutiqueCalls: readonly Row[];
  readonly boutiqueRequests: readonly Row[];
  readonly boutiqueBandwidths: readonly Row[];
  readonly mubenchServices: readonly Row[];
  readonly mubenchCalls: readonly Row[];
  readonly teastoreServices: readonly Row[];
  readonly teastoreCalls: readonly Row[];
}

const NAMESPACE = 'edgeloom-demo';
/** The speed at which a service takes exactly the time that was measured: a node's default. */
const DEFAULT_MIPS = 3000;

// Services that many requests meet start twice; a store of state does not grow.
const HOT = { min: 2, max: 4 };
const WARM = { min: 1, max: 3 };
const COLD = { min: 1, max: 2 };

interface Cost {
  readonly micros: number;
  readonly cpuMilli: number;
  readonly memory: string;
}

/** Instructions that take `micros` on a pod with this request at the default speed: work = t x mips x request. */
const workOf = ({ micros, cpuMilli }: Cost): string =>
  String(Math.round((micros * DEFAULT_MIPS * cpuMilli) / 1000));

function milli(quantity: string): number {
  const match = /^(\d+)(m?)$/.exec(quantity);
  if (match === null) throw new Error(`CPU request "${quantity}": expected 100m or 2`);
  return Number(match[1]) * (match[2] === 'm' ? 1 : 1000);
}

function microservice(
  app: string,
  name: string,
  cost: Cost,
  replicas: Microservice['replicas'],
): Microservice {
  return {
    name,
    work: workOf(cost),
    replicas,
    port: 8080,
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          {
            name: 'server',
            image: `${app}/${name}:1`,
            resources: { requests: { cpu: `${cost.cpuMilli}m`, memory: cost.memory } },
          },
        ],
      },
    },
  };
}

const numberOf = (value: number): string => String(Number(value.toPrecision(3)));

// Assumed: the traces hold no message sizes. Round figures by what the message is: a price, a cart, a list of products.
const BOUTIQUE_PAYLOAD: Readonly<Record<string, string>> = {
  adservice: '16Ki',
  cartservice: '4Ki',
  checkoutservice: '8Ki',
  currencyservice: '1Ki',
  emailservice: '8Ki',
  paymentservice: '2Ki',
  productcatalogservice: '16Ki',
  recommendationservice: '4Ki',
  shippingservice: '2Ki',
  'redis-cart': '4Ki',
};
/** Assumed: so many that no street machine holds the whole shop. The publishers run three of each. */
const BOUTIQUE_REPLICAS: Readonly<Record<string, Microservice['replicas']>> = {
  frontend: HOT,
  adservice: HOT,
  cartservice: HOT,
  currencyservice: HOT,
  recommendationservice: HOT,
  productcatalogservice: { min: 3, max: 4 },
};
const REDIS_MICROS = 100;
/** Assumed limits on the calls a person waits for most; the floor of bandwidth beside them is the publishers'. */
const BOUTIQUE_LIMITS: Readonly<Record<string, string>> = {
  'frontend>cartservice': '2ms',
  'checkoutservice>paymentservice': '3ms',
  'cartservice>redis-cart': '1ms',
};

/** Online Boutique: the graph and the times that Nezha measured, the requests that the scheduler plugins publish. */
export function onlineBoutique(tables: Tables): Application {
  const measured = new Map(
    tables.boutiqueServices.map((row) => [cell(row, 'service', 'boutique-services'), row]),
  );
  const requests = tables.boutiqueRequests.map((row) => {
    const name = cell(row, 'service', 'boutique-requests');
    const span = measured.get(name);
    const micros =
      span === undefined ? REDIS_MICROS : numberCell(span, 'self_median_us', 'boutique-services');
    const count = span === undefined ? 0 : numberCell(span, 'invocations', 'boutique-services');
    const used = span === undefined ? '' : `; used ${cell(span, 'cpu_used_milli', 'boutique-services')}m`;
    const cost = {
      micros,
      cpuMilli: milli(cell(row, 'cpu_request', 'boutique-requests')),
      memory: cell(row, 'mem_request', 'boutique-requests'),
    };
    const text =
      span === undefined
        ? `A ${micros} us, no spans (its time is inside cartservice's); G requests`
        : `M ${micros} us median of ${count} invocations${used}; G requests; D work`;
    return { name, cost, text, count };
  });
  const callers = new Map(requests.map(({ name, count }) => [name, count]));
  const floorOf = (from: string, to: string): string | undefined => {
    const named = tables.boutiqueBandwidths.find((row) => row['source'] === from && row['target'] === to);
    return named === undefined ? undefined : cell(named, 'min_bandwidth', 'boutique-bandwidths');
  };
  const call = (from: string, to: string, callsPerRequest: string): Call => {
    const maxLatency = BOUTIQUE_LIMITS[`${from}>${to}`];
    const minBandwidth = maxLatency === undefined ? undefined : floorOf(from, to);
    return {
      from,
      to,
      payload: BOUTIQUE_PAYLOAD[to] ?? '4Ki',
      callsPerRequest,
      ...(maxLatency === undefined ? {} : { maxLatency }),
      ...(minBandwidth === undefined ? {} : { minBandwidth }),
    };
  };
  const edges = tables.boutiqueCalls.map((row) => {
    const [from, to] = [cell(row, 'from', 'boutique-calls'), cell(row, 'to', 'boutique-calls')];
    const rate = numberCell(row, 'calls', 'boutique-calls') / Math.max(1, callers.get(from) ?? 1);
    return call(from, to, numberOf(rate));
  });
  return {
    title: 'Online Boutique: 11 services of a web shop, their graph and times as measured on Kubernetes.',
    notes: [
      { path: ['spec', 'class'], text: 'A: people with headsets walk the shop.' },
      {
        path: ['spec', 'ingress'],
        text: 'A: rates of an urban centre; payload D: 4 kB in and 37 kB out a page, measured.',
      },
      {
        path: ['spec', 'edges'],
        text: 'M: who calls whom, callsPerRequest = calls / invocations of the caller. A: payload, maxLatency. G: minBandwidth.',
      },
      ...requests.map(({ text }, at) => ({ path: ['spec', 'microservices', at], text })),
      { path: ['spec', 'edges', edges.length], text: 'G: the only edge without spans.' },
    ],
    manifest: {
      apiVersion: 'edgeloom.dev/v1alpha1',
      kind: 'ServiceDAG',
      metadata: { name: 'online-boutique', namespace: NAMESPACE },
      spec: {
        class: 'Immersive',
        tenant: 'boutique',
        ingress: [
          { region: 'cbd-central', requestsPerSecond: '60', band: 'mmWave', payload: '40Ki' },
          { region: 'cbd-east', requestsPerSecond: '40', band: 'mmWave', payload: '40Ki' },
        ],
        qos: { maxLatency: '18ms', maxJitter: '1ms', minSuccess: '0.999', enforcement: 'Preferred' },
        microservices: requests.map(({ name, cost }) =>
          microservice('boutique', name, cost, BOUTIQUE_REPLICAS[name] ?? COLD),
        ),
        edges: [...edges, call('cartservice', 'redis-cart', '1')],
      },
    },
  };
}

// muBench computes `digits` of pi `trials` times: 430 turns of the spigot for 100 digits. Timed once, in CPython on one
// core of the machine that built this: 360 us a trial.
const TRIAL_MICROS_PER_DIGIT = 3.6;
/** Assumed: what an HTTP request costs a muBench cell before and after its own work. */
const HANDLING_MICROS = 1000;

interface Emulated {
  readonly image: string;
  readonly services: readonly Row[];
  readonly calls: readonly Row[];
  readonly requests: (name: string, given: string) => { cpuMilli: number; memory: string };
  readonly replicas: Readonly<Record<string, Microservice['replicas']>>;
  readonly limits: Readonly<Record<string, string>>;
}

function emulated(app: Emulated): { microservices: Microservice[]; edges: Call[]; notes: Note[] } {
  const table = 'muBench services';
  const kilobytes = new Map(
    app.services.map((row) => [cell(row, 'service', table), numberCell(row, 'response_kb', table)]),
  );
  const services = app.services.map((row) => {
    const name = cell(row, 'service', table);
    const given = cell(row, 'cpu_request', table);
    const trials = cell(row, 'cpu_stress', table) === 'yes' ? numberCell(row, 'trials', table) : 0;
    const digits = numberCell(row, 'digits', table);
    const micros = HANDLING_MICROS + Math.round(trials * digits * TRIAL_MICROS_PER_DIGIT);
    const load = trials === 0 ? 'G no CPU stress' : `G ${trials} x ${digits} digits of pi`;
    return { name, cost: { micros, ...app.requests(name, given) }, text: `${load}; D ${micros} us` };
  });
  const calls = app.calls.filter((row) => numberCell(row, 'probability', 'muBench calls') > 0);
  return {
    microservices: services.map(({ name, cost }) =>
      microservice(app.image, name, cost, app.replicas[name] ?? COLD),
    ),
    edges: calls.map((row) => {
      const [from, to] = [cell(row, 'from', 'muBench calls'), cell(row, 'to', 'muBench calls')];
      const maxLatency = app.limits[`${from}>${to}`];
      return {
        from,
        to,
        payload: `${kilobytes.get(to) ?? 0}k`,
        callsPerRequest: cell(row, 'probability', 'muBench calls'),
        ...(maxLatency === undefined ? {} : { maxLatency }),
      };
    }),
    notes: [
      {
        path: ['spec', 'microservices'],
        text: `D: ${HANDLING_MICROS} us a request (A) and ${100 * TRIAL_MICROS_PER_DIGIT} us per 100 digits of pi, timed once in CPython on one core.`,
      },
      ...services.map(({ text }, at) => ({ path: ['spec', 'microservices', at], text })),
    ],
  };
}

/** muBench work model C: a tree of 20 equal services, four deep. */
export function mubenchC(tables: Tables): Application {
  const { microservices, edges, notes } = emulated({
    image: 'mubench',
    services: tables.mubenchServices,
    calls: tables.mubenchCalls,
    requests: (_, given) => ({ cpuMilli: milli(given), memory: '128Mi' }),
    replicas: { s0: HOT, s1: WARM, s3: { min: 2, max: 4 } },
    limits: { 's0>s3': '2ms', 's3>s6': '2ms' },
  });
  return {
    title: 'muBench work model C: a tree of 20 equal services, four deep.',
    notes: [
      { path: ['spec', 'class'], text: 'A: the class, the rates and the memory requests are ours.' },
      {
        path: ['spec', 'edges'],
        text: 'G: who calls whom, always once; the answer is 11 kB. A: maxLatency.',
      },
      ...notes,
    ],
    manifest: {
      apiVersion: 'edgeloom.dev/v1alpha1',
      kind: 'ServiceDAG',
      metadata: { name: 'mubench-c', namespace: NAMESPACE },
      spec: {
        class: 'Twin',
        tenant: 'mubench',
        ingress: [{ region: 'cbd-west', requestsPerSecond: '40', payload: '11k' }],
        qos: { maxLatency: '19ms', maxJitter: '1ms', minSuccess: '0.999', enforcement: 'Preferred' },
        microservices,
        edges,
      },
    },
  };
}

const TEASTORE_REQUESTS: Readonly<Record<string, { cpuMilli: number; memory: string }>> = {
  webui: { cpuMilli: 500, memory: '512Mi' },
  persistence: { cpuMilli: 400, memory: '512Mi' },
  image: { cpuMilli: 400, memory: '1Gi' },
};

/** TeaStore as muBench emulates it: 6 services, calls by probability. */
export function teastore(tables: Tables): Application {
  const { microservices, edges, notes } = emulated({
    image: 'teastore',
    services: tables.teastoreServices,
    calls: tables.teastoreCalls,
    requests: (name) => TEASTORE_REQUESTS[name] ?? { cpuMilli: 200, memory: '256Mi' },
    replicas: { webui: HOT, persistence: { min: 2, max: 3 }, auth: WARM },
    limits: { 'webui>persistence': '2ms' },
  });
  return {
    title: 'TeaStore, a web shop of 6 services, as muBench emulates it.',
    notes: [
      { path: ['spec', 'class'], text: 'A: the class, the rates and all requests are ours.' },
      {
        path: ['spec', 'edges'],
        text: 'G: who calls whom, how often, 1 kB answers; calls of probability 0 left out. A: maxLatency.',
      },
      ...notes,
    ],
    manifest: {
      apiVersion: 'edgeloom.dev/v1alpha1',
      kind: 'ServiceDAG',
      metadata: { name: 'teastore', namespace: NAMESPACE },
      spec: {
        class: 'Massive',
        tenant: 'teastore',
        ingress: [
          { region: 'cbd-west', requestsPerSecond: '30', band: 'sub6', payload: '4k' },
          { region: 'cbd-central', requestsPerSecond: '50', band: 'sub6', payload: '4k' },
          { region: 'cbd-east', requestsPerSecond: '20', band: 'sub6', payload: '4k' },
        ],
        qos: { maxLatency: '12ms', maxJitter: '2ms', minSuccess: '0.999', enforcement: 'Preferred' },
        microservices,
        edges,
      },
    },
  };
}
