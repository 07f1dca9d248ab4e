import { createHash } from 'node:crypto';
import { compact } from '#memory/trace/compact.ts';
import { dagHash } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Listed } from './index.ts';
import { ID_BYTES } from './segment.ts';
import type { Slice } from './order.ts';

/** A vector as the file keeps it: 32-bit floats, little-endian as every machine that Node runs on. */
export const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

/** First 48 bits of a hash in hexadecimal. */
export const first48 = (hash: string): number => Number.parseInt(hash.slice(0, 12), 16);

/** Traces as they cross to the writing thread. */
export function sliceOf(batch: readonly Trace[], dimension: number): Slice {
  const vectorAt = 2 * ID_BYTES;
  const stride = vectorAt + 4 * dimension;
  const binary = new Uint8Array(stride * batch.length);
  const ids = Buffer.from(binary.buffer);
  const records = batch.map((trace) => compact(trace));
  const payloads = new Uint8Array(records.reduce((sum, r) => sum + r.length, 0));
  let end = 0;
  const contexts = contextsOf(batch);
  const traces = batch.map((trace, i) => {
    const at = i * stride;
    ids.write(trace.id, at, 'hex');
    if (trace.replanOf !== undefined) ids.write(trace.replanOf, at + ID_BYTES, 'hex');
    binary.set(bytesOf(trace.vector), at + vectorAt);
    const record = records[i] ?? new Uint8Array();
    payloads.set(record, end);
    end += record.length;
    return {
      tenant: trace.tenant,
      region: trace.region,
      slice: trace.slice,
      encoderVersion: trace.encoderVersion,
      createdMs: trace.createdMs,
      shareable: trace.shareable,
      reward: trace.realisedUtility,
      replan: trace.replanOf !== undefined,
      key: first48(trace.id),
      dag: first48(dagHash(trace.dag)),
      end,
      context: contexts.of[i],
    };
  });
  return { traces, stride, binary, payloads, scenes: contexts.scenes, contexts: contexts.bytes };
}

const digests = new WeakMap<Uint8Array, Buffer>();

/** SHA-256 of a scene; scenes that many traces share are hashed once. */
function digestOf(scene: Uint8Array): Buffer {
  const known = digests.get(scene);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(scene).digest();
  digests.set(scene, digest);
  return digest;
}

function contextsOf(batch: readonly Trace[]): Pick<Slice, 'scenes'> & {
  readonly bytes: Uint8Array;
  readonly of: readonly Slice['traces'][number]['context'][];
} {
  const scenes: Slice['scenes'][number][] = [];
  const numbers = new Map<string, number>();
  const bytes = new Uint8Array(batch.reduce((sum, t) => sum + (t.context?.own.length ?? 0), 0));
  let end = 0;
  const of = batch.map(({ context }) => {
    if (context === undefined) return undefined;
    const id = digestOf(context.scene);
    const hash = id.toString('hex');
    let scene = numbers.get(hash);
    if (scene === undefined) {
      scene = scenes.length;
      numbers.set(hash, scene);
      // Copies: a part of a larger buffer would cross with all of it.
      scenes.push({ id: Uint8Array.from(id), key: first48(hash), bytes: Uint8Array.from(context.scene) });
    }
    const from = end;
    bytes.set(context.own, from);
    end += context.own.length;
    return { columns: context.columns, scene, from, end };
  });
  return { scenes, bytes, of };
}

/** A trace that was just put, as the index takes it. */
export function listedOf(trace: Trace, row: number): Listed {
  const { id, tenant, region, slice, createdMs, shareable, vector } = trace;
  return {
    row,
    id: Buffer.from(id, 'hex'),
    tenant,
    region,
    slice,
    createdMs,
    shareable,
    vector,
    reward: trace.realisedUtility,
    uses: 0,
    usedMs: 0,
  };
}
