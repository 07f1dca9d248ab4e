import type { Space } from '#memory/store/admission.ts';
import { byPriority, priority } from '#memory/store/priority.ts';
import type { ExpiryPolicy } from '#memory/store/trace-store.ts';
import type { Connection, Row } from './connection.ts';

/** Ids of a shard's traces that must go: the too old, and of the others the least worth keeping. */
export async function victimsOf(
  connection: Connection,
  { encoderVersion: encoder }: Space,
  region: string,
  policy: ExpiryPolicy,
): Promise<{ aged: string[]; evicted: string[] }> {
  const rows = await connection.read(
    `MATCH (t:Trace {region: $region}) WHERE t.encoderVersion = $encoder
     RETURN t.id AS id, t.reward AS reward, t.createdMs AS createdMs, t.usedMs AS usedMs, t.uses AS uses`,
    { region, encoder },
  );
  const before = policy.ttlMs === undefined ? -Infinity : policy.nowMs - policy.ttlMs;
  const old = rows.filter((r) => Number(r['createdMs']) < before);
  const kept = rows.filter((r) => Number(r['createdMs']) >= before).map((r) => rankOf(r, policy.nowMs));
  const surplus = Math.max(0, kept.length - (policy.maxPerShard ?? Infinity));
  return {
    aged: old.map((r) => String(r['id'])),
    evicted: kept
      .sort(byPriority)
      .slice(0, surplus)
      .map((r) => r.id),
  };
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
