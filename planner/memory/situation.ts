import { featuresOf } from '#memory/encoders/features/features.ts';
import type { Situation as Seen } from '#memory/encoders/features/features.ts';
import type { Encoder } from '#memory/encoders/encoder.ts';
import { queryVector } from '#memory/encoders/query.ts';
import type { Situation } from '#memory/retrieval/situation.ts';
import { presentNodes, traceDagOf } from '#memory/trace/deployment.ts';
import { keyOf } from '#world/objects.ts';
import type { Replicas } from '#world/service.ts';
import { sliceOf } from '#world/service.ts';
import { expectedOf } from './expected.ts';

/** Policy that a question is asked under: what was planned like the plans that are made now is nearer. */
export const ASKING = 'Search';

/** The query vector q_ctx of what is seen, under a policy. Throws `ModelError` or `RangeError` for what the encoder cannot read. */
export async function vectorOf(encoder: Encoder, seen: Seen, policy: string): Promise<Float32Array> {
  const { vector } = await encoder.encode(featuresOf(seen));
  return queryVector(vector, sliceOf(seen.dag), policy);
}

/** What the memory is asked about a DAG before it is planned. */
export async function situationOf(
  encoder: Encoder,
  seen: Seen,
  replicas: Replicas | undefined,
  nowMs: number,
): Promise<Situation> {
  const { snapshot, dag } = seen;
  const counts = new Map(
    dag.spec.microservices.map((m) => [m.name, replicas?.(m.name) ?? m.replicas.min] as const),
  );
  const placed = new Map<string, string>();
  for (const { microservice, host } of snapshot.placed.get(keyOf(dag)) ?? []) {
    const name = snapshot.hosts[host]?.name;
    if (name !== undefined && !placed.has(microservice)) placed.set(microservice, name);
  }
  return {
    dag: traceDagOf(dag, counts),
    vector: await vectorOf(encoder, seen, ASKING),
    nodes: presentNodes(snapshot, dag),
    placed,
    expected: expectedOf(snapshot, dag),
    nowMs,
  };
}
