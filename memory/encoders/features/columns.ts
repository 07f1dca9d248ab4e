/** What the columns of each input mean; their order is part of the encoder's version. Amounts are log(1 + x), shares 0..1. */
export const COLUMNS = {
  services: ['work', 'cpu', 'memory', 'replicas-least', 'replicas-most', 'rate', 'load', 'entry', 'exit'],
  calls: ['payload', 'bandwidth', 'calls', 'limit', 'sync'],
  vertices: [
    'host',
    'gateway',
    'cloud',
    'cpu',
    'mips',
    'cpu-free',
    'memory-free',
    'open',
    'ingress',
    'own-replicas',
  ],
  arcs: ['latency', 'bandwidth', 'bandwidth-free', 'jitter', 'loss'],
  request: [
    'services',
    'depth',
    'rate',
    'work',
    'load',
    'payload',
    'max-latency',
    'max-jitter',
    'max-sync',
    'failure-allowed',
    'required',
    'ways-in',
    'radio',
    'service-time',
    'world-cpu-free',
  ],
  telemetry: ['rate', 'completed', 'violated', 'latency', 'p95', 'utilisation', 'busiest'],
  maps: ['capacity', 'load', 'users', 'own'],
} as const;

/** Steps of telemetry that are looked at. */
export const WINDOW = 16;
/** Cells of a heat map along each side. */
export const GRID = 16;

/** log(1 + x): amounts span many powers of ten. */
export const scaled = (x: number): number => Math.log(1 + Math.max(0, x));
