import { cell, numberCell, type Row } from './csv.ts';
import { COLD, HOT, NAMESPACE, WARM, microservice, milli } from './manifest.ts';
import type { Application, Call, Microservice, Note, Tables } from './manifest.ts';

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
