import { COLUMNS_DIGEST } from '#memory/context/context.ts';
import type { Space } from '#memory/store/admission.ts';
import type { Stats } from '#memory/store/trace-store.ts';
import type { Connection } from './connection.ts';

/** What a server holds, counted by shard and tenant. */
export async function statisticsOf(connection: Connection, space: Space): Promise<Stats> {
  const { encoderVersion: encoder } = space;
  const counts = async (cypher: string): Promise<Map<string, number>> =>
    new Map(
      (await connection.read(cypher, { encoder, columns: COLUMNS_DIGEST })).map((r) => [
        String(r['name']),
        Number(r['n']),
      ]),
    );
  const shards = await counts(
    'MATCH (t:Trace) WHERE t.encoderVersion = $encoder RETURN t.region AS name, count(t) AS n ORDER BY name',
  );
  const stale = await counts(
    "MATCH (t:Trace) WHERE t.encoderVersion <> $encoder RETURN 'stale' AS name, count(t) AS n",
  );
  const embeddable = await counts(
    "MATCH (t:Trace) WHERE t.encoderVersion <> $encoder AND t.columns = $columns RETURN 'stale' AS name, count(t) AS n",
  );
  return {
    traces: [...shards.values()].reduce((a, b) => a + b, 0),
    stale: stale.get('stale') ?? 0,
    embeddable: embeddable.get('stale') ?? 0,
    ...space,
    shards,
    tenants: await counts(
      'MATCH (n:Tenant) OPTIONAL MATCH (t:Trace {tenant: n.name}) RETURN n.name AS name, count(t) AS n ORDER BY name',
    ),
    diskBytes: 0,
    memoryBytes: 0,
  };
}
