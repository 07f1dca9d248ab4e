import { admitted, checkedQuery } from '#memory/store/admission.ts';
import type { Space } from '#memory/store/admission.ts';
import { MemoryUnavailable, UnknownTenant } from '#memory/store/errors.ts';
import { byPriority, priority } from '#memory/store/priority.ts';
import { MOST_NEIGHBOURS } from '#memory/store/trace-store.ts';
import type {
  Added,
  Expired,
  ExpiryPolicy,
  Filter,
  Hit,
  Neighbours,
  Reembed,
  Stats,
  TraceStore,
} from '#memory/store/trace-store.ts';
import { withoutMetadata } from '#memory/trace/shared.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { cosine } from '#memory/trace/vector.ts';
import { Connection, whole } from './connection.ts';
import type { Row } from './connection.ts';
import { INDEX, dialectOf } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { CREATE, KNOWN, VISIBLE, rowOf, vectorText, traceOf, vectorOfText } from './record.ts';

/** Traces in one transaction. */
const BATCH = 256;
/** Traces of one page of an export, an expiry, a change of encoder. */
const PAGE = 64;
/** The index answers approximately and before any filter: so many times `k` are fetched at first, and at least so many. */
const OVER_FETCH = 4;
const LEAST_FETCHED = 128;
/** More than this is not asked of the index: the traces that pass the filter are read instead. */
const MOST_FETCHED = 4096;

/** How a memory on a server is opened. */
export interface BoltOptions {
  /** `bolt://[user:password@]host:port`. */
  readonly url: string;
  readonly space?: Space;
  readonly reembed?: Reembed;
  readonly readOnly?: boolean;
}

/**
 * Opens the memory on a Memgraph or Neo4j server. Its vector index finds candidates, their exact similarities are computed here.
 * Throws `MemoryUnavailable` within seconds when the server does not answer.
 */
export async function openBolt(options: BoltOptions): Promise<TraceStore> {
  const connection = new Connection(options.url);
  try {
    const dialect = dialectOf(await connection.agent());
    const kept = await spaceOf(connection);
    const space = options.space ?? kept;
    if (space === undefined)
      throw new MemoryUnavailable(`${connection.where}: no memory there; import traces to make one`);
    const store = new BoltStore(connection, dialect, space, options.reembed, options.readOnly ?? false);
    if (options.readOnly !== true) await store.prepare(kept);
    return store;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function spaceOf(connection: Connection): Promise<Space | undefined> {
  const [m] = await connection.read(
    'MATCH (m:Memory) RETURN m.dimension AS dimension, m.encoderVersion AS encoderVersion',
  );
  return m === undefined
    ? undefined
    : { dimension: Number(m['dimension']), encoderVersion: String(m['encoderVersion']) };
}

/** Use `openBolt`. */
class BoltStore implements TraceStore {
  readonly #connection: Connection;
  readonly #dialect: Dialect;
  readonly #space: Space;
  readonly #reembed: Reembed | undefined;
  readonly #readOnly: boolean;
  readonly #touched = new Map<string, { uses: number; usedMs: number }>();

  constructor(
    connection: Connection,
    dialect: Dialect,
    space: Space,
    reembed: Reembed | undefined,
    readOnly: boolean,
  ) {
    this.#connection = connection;
    this.#dialect = dialect;
    this.#space = space;
    this.#reembed = reembed;
    this.#readOnly = readOnly;
  }

  /** Schema, vector index and what the memory is for; a change of encoder leaves old vectors out of the index, or makes new ones. */
  async prepare(kept: Space | undefined): Promise<void> {
    const { dimension, encoderVersion } = this.#space;
    for (const statement of this.#dialect.schema()) await this.#connection.statement(statement);
    const indexes = await this.#connection.statement(this.#dialect.vectorIndexes);
    const there = indexes.some((r) => r['name'] === INDEX);
    const changed =
      kept !== undefined && (kept.encoderVersion !== encoderVersion || kept.dimension !== dimension);
    if (changed)
      await this.#inPages('t.encoderVersion <> $encoder AND t.embedding IS NOT NULL', 'REMOVE t.embedding');
    if (there && changed) await this.#connection.statement(this.#dialect.dropVectorIndex);
    if (!there || changed) await this.#connection.statement(this.#dialect.createVectorIndex(dimension));
    const memory =
      'MERGE (m:Memory {name: "edgeloom"}) SET m.dimension = $dimension, m.encoderVersion = $encoder';
    await this.#connection.write([[memory, { dimension: whole(dimension), encoder: encoderVersion }]]);
    if (this.#reembed !== undefined) await this.#embedAgain(this.#reembed);
    await this.#settle();
  }

  async put(traces: readonly Trace[]): Promise<Added> {
    this.#mustWrite();
    const ready = await admitted(traces, this.#space, this.#reembed);
    const distinct = [...new Map(ready.traces.map((t) => [t.id, t])).values()];
    let added = 0;
    for (let at = 0; at < distinct.length; at += BATCH) {
      const batch = distinct.slice(at, at + BATCH);
      const known = new Set(
        (await this.#connection.read(KNOWN, { ids: batch.map((t) => t.id) })).map((r) => r['id']),
      );
      const rows = batch.filter((t) => !known.has(t.id)).map(rowOf);
      if (rows.length > 0) await this.#connection.write(CREATE.map((cypher) => [cypher, { rows }] as const));
      added += rows.length;
    }
    await this.#settle();
    return { added, known: traces.length - added, reembedded: ready.reembedded };
  }

  async admit(tenant: string): Promise<void> {
    this.#mustWrite();
    await this.#connection.write([['MERGE (:Tenant {name: $tenant})', { tenant }]]);
  }

  async knn(vector: ArrayLike<number>, k: number, filter: Filter): Promise<readonly Hit[]> {
    await this.#mustKnow(filter.tenant);
    const query = checkedQuery(vector, k, filter.encoderVersion, this.#space);
    const { passes, parameters } = conditions(filter);
    const wanted = `WHERE ${passes} RETURN t.id AS id, t.vector AS vector, t.reward AS reward, t.tenant = $tenant AS own`;
    for (let n = Math.max(LEAST_FETCHED, OVER_FETCH * k); n <= MOST_FETCHED; n *= 4) {
      const rows = await this.#connection.read(`${this.#dialect.nearest} ${wanted}`, {
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
    return nearestOf(await this.#connection.read(`MATCH (t:Trace) ${wanted}`, parameters), query).slice(0, k);
  }

  async get(tenant: string, ids: readonly string[]): Promise<readonly Trace[]> {
    await this.#mustKnow(tenant);
    const rows = await this.#connection.read(
      `MATCH (t:Trace) WHERE t.id IN $ids AND ${VISIBLE} RETURN t {.id, .tenant, .encoderVersion, .payload, .vector} AS t`,
      { ids: [...ids], tenant },
    );
    const found = new Map(rows.map((r) => [String((r['t'] as Row)['id']), r['t'] as Row]));
    return ids.flatMap((id) => {
      const row = found.get(id);
      if (row === undefined) return [];
      return [row['tenant'] === tenant ? traceOf(row) : withoutMetadata(traceOf(row))];
    });
  }

  async neighbours(tenant: string, id: string): Promise<Neighbours | undefined> {
    const [trace] = await this.get(tenant, [id]);
    if (trace === undefined) return undefined;
    const ids = async (pattern: string, order: string): Promise<string[]> => {
      const cypher = `MATCH (a:Trace {id: $id})${pattern}(t:Trace) WHERE t.id <> $id AND ${VISIBLE} RETURN t.id AS id ORDER BY ${order} LIMIT ${MOST_NEIGHBOURS}`;
      return (await this.#connection.read(cypher, { id, tenant })).map((r) => String(r['id']));
    };
    const machines = await this.#connection.read(
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

  touch(ids: readonly string[], nowMs: number): void {
    for (const id of ids)
      this.#touched.set(id, { uses: (this.#touched.get(id)?.uses ?? 0) + 1, usedMs: nowMs });
  }

  async remove(ids: readonly string[]): Promise<number> {
    this.#mustWrite();
    let removed = 0;
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE);
      const [known] = await this.#connection.read(
        'MATCH (t:Trace) WHERE t.id IN $page RETURN count(t) AS n',
        { page },
      );
      await this.#connection.write([['MATCH (t:Trace) WHERE t.id IN $page DETACH DELETE t', { page }]]);
      removed += Number(known?.['n']);
    }
    await this.#settle();
    return removed;
  }

  async expire(policy: ExpiryPolicy): Promise<Expired> {
    this.#mustWrite();
    await this.#flush();
    let aged = 0;
    let evicted = 0;
    for (const region of (await this.stats()).shards.keys()) {
      const rows = await this.#connection.read(
        `MATCH (t:Trace {region: $region}) WHERE t.encoderVersion = $encoder
         RETURN t.id AS id, t.reward AS reward, t.createdMs AS createdMs, t.usedMs AS usedMs, t.uses AS uses`,
        { region, encoder: this.#space.encoderVersion },
      );
      const before = policy.ttlMs === undefined ? -Infinity : policy.nowMs - policy.ttlMs;
      const old = rows.filter((r) => Number(r['createdMs']) < before);
      const kept = rows.filter((r) => Number(r['createdMs']) >= before).map((r) => rankOf(r, policy.nowMs));
      const surplus = Math.max(0, kept.length - (policy.maxPerShard ?? Infinity));
      aged += await this.remove(old.map((r) => String(r['id'])));
      evicted += await this.remove(
        kept
          .sort(byPriority)
          .slice(0, surplus)
          .map((r) => r.id),
      );
    }
    return { aged, evicted };
  }

  async stats(): Promise<Stats> {
    const { encoderVersion: encoder } = this.#space;
    const counts = async (cypher: string): Promise<Map<string, number>> =>
      new Map(
        (await this.#connection.read(cypher, { encoder })).map((r) => [String(r['name']), Number(r['n'])]),
      );
    const shards = await counts(
      'MATCH (t:Trace) WHERE t.encoderVersion = $encoder RETURN t.region AS name, count(t) AS n ORDER BY name',
    );
    const stale = await counts(
      "MATCH (t:Trace) WHERE t.encoderVersion <> $encoder RETURN 'stale' AS name, count(t) AS n",
    );
    return {
      traces: [...shards.values()].reduce((a, b) => a + b, 0),
      stale: stale.get('stale') ?? 0,
      ...this.#space,
      shards,
      tenants: await counts(
        'MATCH (n:Tenant) OPTIONAL MATCH (t:Trace {tenant: n.name}) RETURN n.name AS name, count(t) AS n ORDER BY name',
      ),
      diskBytes: 0,
      memoryBytes: 0,
    };
  }

  async *export(tenant: string | undefined): AsyncIterable<Trace> {
    yield* this.#pages(tenant === undefined ? 'true' : 't.tenant = $tenant', { tenant: tenant ?? null });
  }

  async close(): Promise<void> {
    if (!this.#readOnly) await this.#flush().catch(() => undefined);
    await this.#connection.close();
  }

  async *#pages(condition: string, parameters: Row): AsyncGenerator<Trace> {
    for (let after = ''; ;) {
      const rows = await this.#connection.read(
        `MATCH (t:Trace) WHERE t.id > $after AND ${condition}
         RETURN t {.id, .tenant, .encoderVersion, .payload, .vector} AS t ORDER BY t.id LIMIT ${PAGE}`,
        { after, ...parameters },
      );
      for (const row of rows) yield traceOf(row['t'] as Row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = String((last['t'] as Row)['id']);
    }
  }

  async #embedAgain(reembed: Reembed): Promise<void> {
    const { encoderVersion: encoder } = this.#space;
    for await (const trace of this.#pages('t.encoderVersion <> $encoder', { encoder })) {
      const { traces } = await admitted([trace], this.#space, reembed);
      for (const { id, vector } of traces) {
        const set =
          'MATCH (t:Trace {id: $id}) SET t.encoderVersion = $encoder, t.vector = $vector, t.embedding = $embedding';
        await this.#connection.write([
          [set, { id, encoder, vector: vectorText(vector), embedding: [...vector] }],
        ]);
      }
    }
  }

  /** Changes the traces that a condition holds for, a page a transaction, until it holds for none. */
  async #inPages(condition: string, change: string): Promise<void> {
    const cypher = `MATCH (t:Trace) WHERE ${condition} WITH t LIMIT ${PAGE} ${change} RETURN count(t) AS n`;
    for (;;) {
      const [row] = await this.#connection.write([[cypher, { encoder: this.#space.encoderVersion }]]);
      if (Number(row?.['n'] ?? 0) === 0) return;
    }
  }

  async #flush(): Promise<void> {
    const uses = [...this.#touched].map(([id, { uses, usedMs }]) => ({
      id,
      uses: whole(uses),
      usedMs: whole(usedMs),
    }));
    this.#touched.clear();
    if (uses.length === 0) return;
    const cypher =
      'UNWIND $uses AS u MATCH (t:Trace {id: u.id}) SET t.uses = t.uses + u.uses, t.usedMs = u.usedMs';
    await this.#connection.write([[cypher, { uses }]]);
  }

  async #settle(): Promise<void> {
    if (this.#dialect.settle !== '') await this.#connection.statement(this.#dialect.settle);
  }

  async #mustKnow(tenant: string): Promise<void> {
    const known = await this.#connection.read('MATCH (n:Tenant {name: $tenant}) RETURN n.name AS name', {
      tenant,
    });
    if (known.length === 0) throw new UnknownTenant(tenant);
  }

  #mustWrite(): void {
    if (this.#readOnly) throw new MemoryUnavailable(`${this.#connection.where}: opened to read only`);
  }
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

function rankOf(r: Row, nowMs: number): { id: string; priority: number; createdMs: number } {
  const createdMs = Number(r['createdMs']);
  const trace = {
    reward: Number(r['reward']),
    createdMs,
    usedMs: Number(r['usedMs']),
    uses: Number(r['uses']),
  };
  return { id: String(r['id']), priority: priority(trace, nowMs), createdMs };
}
