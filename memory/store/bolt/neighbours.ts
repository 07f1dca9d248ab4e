import { MOST_NEIGHBOURS } from '#memory/store/trace-store.ts';
import type { Neighbours } from '#memory/store/trace-store.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Connection } from './connection.ts';
import { VISIBLE } from './record.ts';

/** What a trace, as the tenant sees it, is tied to on the server. */
export async function neighboursOf(
  connection: Connection,
  tenant: string,
  trace: Trace,
): Promise<Neighbours> {
  const { id } = trace;
  const ids = async (pattern: string, order: string): Promise<string[]> => {
    const cypher = `MATCH (a:Trace {id: $id})${pattern}(t:Trace) WHERE t.id <> $id AND ${VISIBLE} RETURN t.id AS id ORDER BY ${order} LIMIT ${MOST_NEIGHBOURS}`;
    return (await connection.read(cypher, { id, tenant })).map((r) => String(r['id']));
  };
  const machines = await connection.read(
    'MATCH (:Trace {id: $id})-[:PLACED_ON]->(m:Machine) RETURN DISTINCT m.name AS name ORDER BY name',
    { id },
  );
  return {
    sameDag: await ids('-[:SAME_DAG]->(:Dag)<-[:SAME_DAG]-', 't.createdMs DESC, t.id'),
    replanOf: trace.tenant === tenant ? (await ids('-[:REPLAN_OF]->', 't.id'))[0] : undefined,
    replannedBy: await ids('<-[:REPLAN_OF]-', 't.id'),
    placedOn: machines.map((r) => String(r['name'])),
  };
}
