import { featuresIn } from '#memory/context/codec.ts';
import { COLUMNS_DIGEST, CONTEXT_VERSION } from '#memory/context/context.ts';
import type { Context } from '#memory/context/context.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { RefusedTrace } from './refusal.ts';
import { LARGEST_TRACE_BYTES, traceContent, traceRecord } from './trace.ts';
import type { Trace, TraceContent, TraceDag } from './trace.ts';
import { checkedVector } from './vector.ts';
import type { z } from 'zod';

/** What a trace's vector is and which encoder made it. */
export interface Embedding {
  readonly encoderVersion: string;
  readonly vector: ArrayLike<number>;
  /** What the encoder looked at. */
  readonly context?: Context | undefined;
}

/** Checks what happened, and gives it its id. Throws `RefusedTrace`. */
export function sealTrace(content: TraceContent, embedding: Embedding): Trace {
  const parsed = traceContent.safeParse(content);
  if (!parsed.success) throw refusalOf(parsed.error);
  return sealed(parsed.data, embedding);
}

/** A trace of JSON. An id that is given must be the right one. Throws `RefusedTrace`. */
export function parseTrace(json: unknown): Trace {
  const parsed = traceRecord.safeParse(json);
  if (!parsed.success) throw refusalOf(parsed.error);
  const { id, encoderVersion, vector, context, ...content } = parsed.data;
  const trace = sealed(content, { encoderVersion, vector, context: context && contextIn(context) });
  if (id !== undefined && id !== trace.id) {
    throw new RefusedTrace(
      'id',
      `it says ${id}, its content hashes to ${trace.id}`,
      'the trace was altered: leave it out, or drop the id',
    );
  }
  return trace;
}

/** The trace as plain JSON, for files and wires. */
export function traceJson(trace: Trace): z.input<typeof traceRecord> {
  const { context, ...kept } = trace;
  const said = context && {
    context: {
      version: CONTEXT_VERSION,
      columns: context.columns,
      scene: Buffer.from(context.scene).toString('base64'),
      own: Buffer.from(context.own).toString('base64'),
    } as const,
  };
  return { ...kept, vector: [...trace.vector], ...said };
}

/** A context of JSON. One of this program's columns must be whole; another's is kept as it is. */
function contextIn({ columns, scene, own }: { columns: string; scene: string; own: string }): Context {
  const context = { columns, scene: Buffer.from(scene, 'base64'), own: Buffer.from(own, 'base64') };
  if (columns === COLUMNS_DIGEST) featuresIn(context);
  return context;
}

/**
 * Hash of the structure of a service graph: equal when the same DAG is deployed again, whatever its names and load.
 * Services count in the order in which they are listed.
 */
export function dagHash(dag: TraceDag): string {
  const at = new Map(dag.services.map((s, i) => [s.name, i]));
  const { qos } = dag;
  return sha256(
    JSON.stringify([
      dag.class,
      [qos.maxLatencyMicros, qos.maxJitterMicros, qos.maxSyncMicros, qos.minSuccessPpm],
      dag.services.map((s) => [s.work, s.cpuMilli, s.memoryBytes, s.replicas]),
      dag.calls.map((c) => [at.get(c.from), at.get(c.to), c.payloadBytes, c.callsPerRequest, c.sync]),
    ]),
  );
}

function sealed(content: TraceContent, embedding: Embedding): Trace {
  checkReferences(content);
  const text = canonicalJson(content);
  if (Buffer.byteLength(text) > LARGEST_TRACE_BYTES) {
    throw new RefusedTrace(
      '',
      `the trace has ${Buffer.byteLength(text)} bytes, the limit is ${LARGEST_TRACE_BYTES}`,
      'shorten the rollout',
    );
  }
  if (embedding.encoderVersion === '' || embedding.encoderVersion.length > 253) {
    throw new RefusedTrace('encoderVersion', 'it must have 1 to 253 characters', 'name the encoder');
  }
  return {
    ...content,
    id: sha256(text),
    encoderVersion: embedding.encoderVersion,
    vector: checkedVector(embedding.vector),
    ...(embedding.context && { context: embedding.context }),
  };
}

/** Names inside a trace lead somewhere, and each stands once. */
function checkReferences(content: TraceContent): void {
  const services = new Set<string>();
  for (const [i, { name }] of content.dag.services.entries()) {
    if (services.has(name))
      throw new RefusedTrace(
        `dag.services[${i}].name`,
        `"${name}" stands twice`,
        'give each service one entry',
      );
    services.add(name);
  }
  const nodes = new Set<string>();
  for (const [i, { name }] of content.map.nodes.entries()) {
    if (nodes.has(name))
      throw new RefusedTrace(`map.nodes[${i}].name`, `"${name}" stands twice`, 'give each node one entry');
    nodes.add(name);
  }
  const need = (known: ReadonlySet<string>, value: string, field: string, kind: string): void => {
    if (!known.has(value))
      throw new RefusedTrace(field, `no ${kind} "${value}" in the trace`, `name one of its ${kind}s`);
  };
  for (const [i, c] of content.dag.calls.entries()) {
    need(services, c.from, `dag.calls[${i}].from`, 'service');
    need(services, c.to, `dag.calls[${i}].to`, 'service');
  }
  for (const [i, p] of content.map.placements.entries()) {
    need(services, p.service, `map.placements[${i}].service`, 'service');
    need(nodes, p.node, `map.placements[${i}].node`, 'node');
  }
  for (const [i, r] of content.map.routes.entries()) {
    need(services, r.from, `map.routes[${i}].from`, 'service');
    need(services, r.to, `map.routes[${i}].to`, 'service');
  }
}

function refusalOf(error: z.ZodError): RefusedTrace {
  const [issue] = error.issues;
  const field = (issue?.path ?? []).reduce<string>(
    (path, step) =>
      typeof step === 'number' ? `${path}[${step}]` : path === '' ? String(step) : `${path}.${String(step)}`,
    '',
  );
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more problems)` : '';
  return new RefusedTrace(
    field,
    `${issue?.message ?? 'not a trace'}${more}`,
    'see docs/memory.md for the record',
  );
}
