import { SCAN_WASM } from './scan.wasm.ts';

/** Rows whose highest score is kept together; `scan` works in whole blocks. */
export const BLOCK = 64;

/** Arguments of the kernel, all pointers into its memory: see scan.as. */
type Scan = (
  query: number,
  queryScale: number,
  vectors: number,
  scales: number,
  scores: number,
  maxima: number,
  count: number,
  width: number,
) => void;

let compiled: WebAssembly.Module | undefined;

/** The scan over a memory of one's own. */
export function kernelOn(memory: WebAssembly.Memory): Scan {
  compiled ??= new WebAssembly.Module(Buffer.from(SCAN_WASM, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports['scan'] as Scan;
}
