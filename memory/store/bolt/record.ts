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
     vector: row.vector, embedding: row.embedding, replanOf: row.replanOf})
   MERGE (d:Dag {hash: row.dag})
   CREATE (t)-[:SAME_DAG]->(d)
   MERGE (:Tenant {name: row.tenant})`,
  `UNWIND $rows AS row UNWIND row.placements AS p
   MATCH (t:Trace {id: row.id}) MERGE (m:Machine {name: p.node})
   CREATE (t)-[:PLACED_ON {service: p.service, replica: p.replica, serveMicros: p.serveMicros}]->(m)`,
  `UNWIND $rows AS row MATCH (t:Trace {id: row.id}), (before:Trace {id: row.replanOf}) MERGE (t)-[:REPLAN_OF]->(before)`,
  `UNWIND $rows AS row MATCH (t:Trace {id: row.id}), (later:Trace {replanOf: row.id}) MERGE (later)-[:REPLAN_OF]->(t)`,
];

/** A trace as a row of `CREATE`. */
export function rowOf(trace: Trace): Row {
  const { id, encoderVersion, vector, ...content } = trace;
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
    placements: trace.map.placements.map((p) => ({
      ...p,
      replica: whole(p.replica),
      serveMicros: whole(p.serveMicros),
    })),
  };
}

/** A trace of the properties `id`, `encoderVersion`, `payload` and `vector`. */
export function traceOf(properties: Row): Trace {
  return {
    ...expand(Buffer.from(String(properties['payload']), 'base64')),
    id: String(properties['id']),
    encoderVersion: String(properties['encoderVersion']),
    vector: vectorOfText(String(properties['vector'])),
  };
}

/** Little-endian 32-bit floats in base64: what an index keeps may be rounded, this is not. */
export const vectorText = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');

/** The vector of `vectorText`. */
export function vectorOfText(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
