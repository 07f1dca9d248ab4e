import { cell, numberCell } from './csv.ts';
import { COLD, HOT, NAMESPACE, microservice, milli } from './manifest.ts';
import type { Application, Call, Microservice, Tables } from './manifest.ts';

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
