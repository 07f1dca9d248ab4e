import { compact } from '#memory/trace/compact.ts';
import { dagHash } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Listed } from './index.ts';
import { ID_BYTES } from './segment.ts';
import type { Slice } from './write.ts';

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
    };
  });
  return { traces, stride, binary, payloads };
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
