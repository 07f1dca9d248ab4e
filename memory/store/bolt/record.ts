import { createHash } from 'node:crypto';
import { compact, expand } from '#memory/trace/compact.ts';
import { dagHash } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { whole } from './connection.ts';
import type { Row } from './connection.ts';

/** Holds for a trace `t` that `$tenant` may see. */
export const VISIBLE = '(t.tenant = $tenant OR t.shareable)';

/** Which of `$ids` are there. */
export const KNOWN = 'MATCH (t:Trace) WHERE t.id IN $ids RETURN t.id AS id';

/**
 * Makes the traces of `$rows` with their entities and edges: SAME_DAG to one node for each structure of DAG, PLACED_ON to
 * machines, REPLAN_OF to the trace replaced, whichever of the two came first.
 */
export const CREATE: readonly string[] = [
  `UNWIND $rows AS row
   CREATE (t:Trace {id: row.id, tenant: row.tenant, region: row.region, slice: row.slice, encoderVersion: row.encoderVersion,
     createdMs: row.createdMs, reward: row.reward, shareable: row.shareable, uses: 0, usedMs: 0, payload: row.payload,
     vector: row.vector, embedding: row.embedding, replanOf: row.replanOf, columns: row.columns, context: row.context})
   MERGE (d:Dag {hash: row.dag})
   CREATE (t)-[:SAME_DAG]->(d)
   MERGE (:Tenant {name: row.tenant})`,
  `UNWIND $rows AS row WITH row WHERE row.scene IS NOT NULL
   MATCH (t:Trace {id: row.id}) MERGE (s:Scene {hash: row.scene}) ON CREATE SET s.bytes = row.sceneBytes
   CREATE (t)-[:IN_SCENE]->(s)`,
  `UNWIND $rows AS row UNWIND row.placements AS p
   MATCH (t:Trace {id: row.id}) MERGE (m:Machine {name: p.node})
   CREATE (t)-[:PLACED_ON {service: p.service, replica: p.replica, serveMicros: p.serveMicros}]->(m)`,
  `UNWIND $rows AS row MATCH (t:Trace {id: row.id}), (before:Trace {id: row.replanOf}) MERGE (t)-[:REPLAN_OF]->(before)`,
  `UNWIND $rows AS row MATCH (t:Trace {id: row.id}), (later:Trace {replanOf: row.id}) MERGE (later)-[:REPLAN_OF]->(t)`,
];

/** Binds a trace `t`'s scene, when it has one, to `s`. */
export const SCENE = 'OPTIONAL MATCH (t)-[:IN_SCENE]->(s:Scene)';
/** All of a trace `t` with its scene `s`, for `traceOf`. */
export const WHOLE =
  't {.id, .tenant, .encoderVersion, .payload, .vector, .columns, .context, scene: s.bytes}';

/** Scenes that no trace has any longer go. */
export const FORGET_SCENES = 'MATCH (s:Scene) WHERE NOT (s)<-[:IN_SCENE]-() DELETE s';

/** A trace as a row of `CREATE`. */
export function rowOf(trace: Trace): Row {
  const { id, encoderVersion, vector, context, ...content } = trace;
  return {
    id,
    encoderVersion,
    tenant: trace.tenant,
    region: trace.region,
    slice: trace.slice,
    createdMs: whole(trace.createdMs),
    reward: trace.realisedUtility,
    shareable: trace.shareable,
    replanOf: trace.replanOf ?? null,
    dag: dagHash(trace.dag),
    payload: Buffer.from(compact(content)).toString('base64'),
    vector: vectorText(vector),
    embedding: [...vector],
    columns: context?.columns ?? null,
    context: context === undefined ? null : text(context.own),
    scene: context === undefined ? null : createHash('sha256').update(context.scene).digest('hex'),
    sceneBytes: context === undefined ? null : text(context.scene),
    placements: trace.map.placements.map((p) => ({
      ...p,
      replica: whole(p.replica),
      serveMicros: whole(p.serveMicros),
    })),
  };
}

/** A trace of the properties `id`, `encoderVersion`, `payload` and `vector`, and of `columns`, `context` and `scene` when they are asked for. */
export function traceOf(properties: Row): Trace {
  return {
    ...expand(Buffer.from(String(properties['payload']), 'base64')),
    id: String(properties['id']),
    encoderVersion: String(properties['encoderVersion']),
    vector: vectorOfText(String(properties['vector'])),
    ...contextOf(properties),
  };
}

function contextOf({ columns, context, scene }: Row): Pick<Trace, 'context'> {
  if (typeof columns !== 'string' || typeof context !== 'string' || typeof scene !== 'string') return {};
  const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
  return { context: { columns, scene: bytes(scene), own: bytes(context) } };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Little-endian 32-bit floats in base64: what an index keeps may be rounded, this is not. */
export const vectorText = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');

/** The vector of `vectorText`. */
export function vectorOfText(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
