import { z } from 'zod';
import { CONTEXT_VERSION, LARGEST_OWN_BYTES, LARGEST_SCENE_BYTES } from '#memory/context/context.ts';
import type { Context } from '#memory/context/context.ts';

/** Version of the record's shape; another one is refused, with the version it has. */
export const TRACE_VERSION = 1;

/** Largest trace, bytes of its JSON without the vector. */
export const LARGEST_TRACE_BYTES = 64 * 1024;

/** Widest query vector. */
export const LARGEST_DIMENSION = 4096;

const name = (): z.ZodString => z.string().min(1).max(253);
const natural = (): z.ZodNumber => z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const measure = (): z.ZodNumber => z.number().min(0).max(1e18);
const ppm = (): z.ZodNumber => natural().max(1_000_000);

const service = z.strictObject({
  name: name(),
  /** Instructions per request. */
  work: measure(),
  /** Thousandths of a core that one replica asks for. */
  cpuMilli: natural(),
  memoryBytes: natural(),
  replicas: natural().min(1).max(1000),
});

const call = z.strictObject({
  from: name(),
  to: name(),
  payloadBytes: measure(),
  callsPerRequest: measure(),
  sync: z.boolean(),
});

const ingress = z.strictObject({ region: name(), requestsPerSecond: measure() });

/** The service graph as it was planned, in base units (τ's G_q). */
export const traceDag = z.strictObject({
  /** `namespace/name` of the ServiceDAG. */
  name: name(),
  class: name(),
  services: z.array(service).min(1).max(64),
  calls: z.array(call).max(256),
  ingress: z.array(ingress).max(64),
  qos: z.strictObject({
    maxLatencyMicros: natural(),
    maxJitterMicros: natural(),
    maxSyncMicros: natural(),
    minSuccessPpm: ppm(),
  }),
});

const node = z.strictObject({
  name: name(),
  region: name(),
  cpuMilli: natural(),
  /** Share of its processors that was taken when the plan was made. */
  utilisationPpm: ppm(),
});

const placement = z.strictObject({
  service: name(),
  replica: natural().max(999),
  node: name(),
  serveMicros: natural(),
});

const route = z.strictObject({
  from: name(),
  to: name(),
  /** Every hop, ends included; nodes, waypoints and gateways by name. */
  via: z.array(name()).min(1).max(64),
  weightPpm: ppm(),
  latencyMicros: natural(),
  bandwidthBps: measure(),
});

/** Where replicas went and how calls travelled (τ's G_q^map). */
export const traceMap = z.strictObject({
  nodes: z.array(node).max(1024),
  placements: z.array(placement).max(1024),
  routes: z.array(route).max(2048),
});

const step = z.strictObject({
  /** Milliseconds since the plan took effect. */
  atMs: natural(),
  latencyMicros: natural(),
  successPpm: ppm(),
  utilisationPpm: ppm(),
});

const performance = z.strictObject({
  latencyMicros: natural(),
  p99LatencyMicros: natural(),
  jitterMicros: natural(),
  syncMicros: natural(),
  successPpm: ppm(),
  /** Share of requests that missed their targets. */
  violationPpm: ppm(),
  utilisationPpm: ppm(),
});

const utility = (): z.ZodNumber => z.number().min(-1e6).max(1);

/** Everything that happened: what the id is the hash of. */
export const traceContent = z.strictObject({
  version: z.literal(TRACE_VERSION, { error: `only version ${TRACE_VERSION} is known` }),
  tenant: name(),
  /** Region whose shard holds the trace. */
  region: name(),
  slice: name(),
  /** Number of the planning window. */
  window: natural(),
  /** When the outcome was known, milliseconds since the epoch. */
  createdMs: natural(),
  source: z.enum(['simulated', 'observed']),
  /** Who planned: a source of candidates or a policy's name. */
  policy: name(),
  /** Other tenants may learn from its shape and outcome; never from its names. */
  shareable: z.boolean(),
  /** The trace whose plan this one replaced. */
  replanOf: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'must be the id of a trace: 64 hexadecimal digits' })
    .optional(),
  dag: traceDag,
  map: traceMap,
  rollout: z.array(step).max(512),
  performance,
  /** 1 - J (architecture section 5): at most 1, the higher the better. */
  predictedUtility: utility(),
  realisedUtility: utility(),
});

const base64 = (bytes: number): z.ZodString =>
  z
    .string()
    .max(Math.ceil(bytes / 3) * 4)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/, { error: 'must be base64' });

/** What the encoder looked at, as JSON writes it. */
const contextRecord = z.strictObject({
  version: z.literal(CONTEXT_VERSION, { error: `only version ${CONTEXT_VERSION} is known` }),
  columns: name(),
  scene: base64(LARGEST_SCENE_BYTES),
  own: base64(LARGEST_OWN_BYTES),
});

/** A trace as JSON writes it. */
export const traceRecord = traceContent.extend({
  id: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hexadecimal digits' })
    .optional(),
  encoderVersion: name(),
  vector: z.array(z.number()).min(1).max(LARGEST_DIMENSION),
  context: contextRecord.optional(),
});

export type TraceDag = z.output<typeof traceDag>;
export type TraceMap = z.output<typeof traceMap>;
export type TraceContent = z.output<typeof traceContent>;

/**
 * One deployment and what became of it: τ = (G_q, G_q^map, q_ctx, rollout, performance) with its provenance.
 * Make it with `sealTrace`, `parseTrace` or a store, which check what it says.
 */
export interface Trace extends TraceContent {
  /** SHA-256 of the content in canonical JSON, hexadecimal. The vector is no part of it: a re-embedded trace stays itself. */
  readonly id: string;
  /** Version of the encoder that made the vector; vectors of two versions are never compared. */
  readonly encoderVersion: string;
  /** The query vector q_ctx, 32-bit floats. */
  readonly vector: Float32Array;
  /** What the encoder looked at, for another one to look again; no part of the id. Stores give it with exports only. */
  readonly context?: Context;
}
