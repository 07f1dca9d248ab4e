/** The statements in which servers that speak Bolt and Cypher differ. */
export interface Dialect {
  readonly name: 'Memgraph' | 'Neo4j';
  /** Run one by one, each a transaction of its own; saying them again changes nothing. */
  schema(): readonly string[];
  createVectorIndex(dimension: number): string;
  readonly dropVectorIndex: string;
  /** Names of the vector indexes that are there, as `name`. */
  readonly vectorIndexes: string;
  /** Begins a query: `$n` nearest to `$vector` are bound to `t`. */
  readonly nearest: string;
  /** Waits until the indexes hold what was written; empty where they always do. */
  readonly settle: string;
}

/** Name of the vector index. */
export const INDEX = 'edgeloom_traces';

/** Vectors that Memgraph sets memory aside for; it grows by `resize_coefficient` when there are more. */
const CAPACITY = 200_000;

const memgraph: Dialect = {
  name: 'Memgraph',
  schema: () => [
    'CREATE CONSTRAINT ON (t:Trace) ASSERT t.id IS UNIQUE',
    'CREATE CONSTRAINT ON (t:Tenant) ASSERT t.name IS UNIQUE',
    'CREATE CONSTRAINT ON (m:Machine) ASSERT m.name IS UNIQUE',
    'CREATE CONSTRAINT ON (d:Dag) ASSERT d.hash IS UNIQUE',
    'CREATE CONSTRAINT ON (s:Scene) ASSERT s.hash IS UNIQUE',
    'CREATE INDEX ON :Scene(hash)',
    'CREATE INDEX ON :Trace(id)',
    'CREATE INDEX ON :Trace(tenant)',
    'CREATE INDEX ON :Trace(region)',
    'CREATE INDEX ON :Trace(createdMs)',
    'CREATE INDEX ON :Trace(replanOf)',
    'CREATE INDEX ON :Tenant(name)',
    'CREATE INDEX ON :Machine(name)',
    'CREATE INDEX ON :Dag(hash)',
  ],
  createVectorIndex: (dimension) =>
    `CREATE VECTOR INDEX ${INDEX} ON :Trace(embedding) WITH CONFIG {"dimension": ${dimension}, "capacity": ${CAPACITY}, "metric": "cos"}`,
  dropVectorIndex: `DROP VECTOR INDEX ${INDEX}`,
  vectorIndexes: 'CALL vector_search.show_index_info() YIELD index_name RETURN index_name AS name',
  nearest: `CALL vector_search.search("${INDEX}", $n, $vector) YIELD node WITH node AS t`,
  settle: '',
};

const neo4j: Dialect = {
  name: 'Neo4j',
  schema: () => [
    'CREATE CONSTRAINT edgeloom_trace IF NOT EXISTS FOR (t:Trace) REQUIRE t.id IS UNIQUE',
    'CREATE CONSTRAINT edgeloom_tenant IF NOT EXISTS FOR (t:Tenant) REQUIRE t.name IS UNIQUE',
    'CREATE CONSTRAINT edgeloom_machine IF NOT EXISTS FOR (m:Machine) REQUIRE m.name IS UNIQUE',
    'CREATE CONSTRAINT edgeloom_dag IF NOT EXISTS FOR (d:Dag) REQUIRE d.hash IS UNIQUE',
    'CREATE CONSTRAINT edgeloom_scene IF NOT EXISTS FOR (s:Scene) REQUIRE s.hash IS UNIQUE',
    ...['tenant', 'region', 'createdMs', 'replanOf'].map(
      (property) => `CREATE INDEX edgeloom_${property} IF NOT EXISTS FOR (t:Trace) ON (t.${property})`,
    ),
  ],
  createVectorIndex: (dimension) =>
    `CREATE VECTOR INDEX ${INDEX} IF NOT EXISTS FOR (t:Trace) ON (t.embedding)
     OPTIONS {indexConfig: {\`vector.dimensions\`: ${dimension}, \`vector.similarity_function\`: 'cosine'}}`,
  dropVectorIndex: `DROP INDEX ${INDEX} IF EXISTS`,
  vectorIndexes: "SHOW INDEXES YIELD name, type WHERE type = 'VECTOR' RETURN name",
  nearest: `CALL db.index.vector.queryNodes('${INDEX}', $n, $vector) YIELD node WITH node AS t`,
  settle: 'CALL db.awaitIndexes(60)',
};

/** Dialect of a server by what it calls itself: `Neo4j/v5.11.0 compatible graph database server - Memgraph`, `Neo4j/5.26.0`. */
export const dialectOf = (agent: string): Dialect => (/memgraph/i.test(agent) ? memgraph : neo4j);
