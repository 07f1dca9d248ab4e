import type { Filter, Hit } from '#memory/store/trace-store.ts';
import { cosine } from '#memory/trace/vector.ts';
import { whole } from './connection.ts';
import type { Connection, Row } from './connection.ts';
import type { Dialect } from './dialect.ts';
import { VISIBLE, vectorOfText } from './record.ts';

/** The index answers approximately and before any filter: so many times `k` are fetched at first, and at least so many. */
const OVER_FETCH = 4;
const LEAST_FETCHED = 128;
/** More than this is not asked of the index: the traces that pass the filter are read instead. */
const MOST_FETCHED = 4096;

/** The `k` nearest that pass, by exact cosine: the index is asked for more and more, then the traces that pass are read. */
export async function nearest(
  connection: Connection,
  dialect: Dialect,
  query: Float32Array,
  k: number,
  filter: Filter,
): Promise<readonly Hit[]> {
  const { passes, parameters } = conditions(filter);
  const wanted = `WHERE ${passes} RETURN t.id AS id, t.vector AS vector, t.reward AS reward, t.tenant = $tenant AS own`;
  for (let n = Math.max(LEAST_FETCHED, OVER_FETCH * k); n <= MOST_FETCHED; n *= 4) {
    const rows = await connection.read(`${dialect.nearest} ${wanted}`, {
      ...parameters,
      n: whole(n),
      vector: [...query],
    });
    const hits = nearestOf(rows, query);
    const [last, next] = [hits[k - 1], hits[k]];
    // With as many as asked for, and no tie at the end that could go on beyond what was fetched.
    if (last !== undefined && (next === undefined ? rows.length < n : next.similarity < last.similarity))
      return hits.slice(0, k);
  }
  return nearestOf(await connection.read(`MATCH (t:Trace) ${wanted}`, parameters), query).slice(0, k);
}

/** A filter as Cypher over `t`. */
function conditions(filter: Filter): { passes: string; parameters: Row } {
  const { tenant, encoderVersion, shard, slice, sinceMs, minReward, ownOnly = false } = filter;
  const passes = [
    't.encoderVersion = $encoder',
    ownOnly ? 't.tenant = $tenant' : VISIBLE,
    ...(shard === undefined ? [] : ['t.region = $shard']),
    ...(slice === undefined ? [] : ['t.slice = $slice']),
    ...(sinceMs === undefined ? [] : ['t.createdMs >= $sinceMs']),
    ...(minReward === undefined ? [] : ['t.reward >= $minReward']),
  ];
  const parameters = { tenant, encoder: encoderVersion, shard, slice, sinceMs, minReward };
  return {
    passes: passes.join(' AND '),
    parameters: Object.fromEntries(Object.entries(parameters).filter(([, v]) => v !== undefined)),
  };
}

function nearestOf(rows: readonly Row[], query: Float32Array): Hit[] {
  return rows
    .map((r) => ({
      id: String(r['id']),
      similarity: cosine(query, vectorOfText(String(r['vector']))),
      reward: Number(r['reward']),
      own: r['own'] === true,
    }))
    .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1));
}
