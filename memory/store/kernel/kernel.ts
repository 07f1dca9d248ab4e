import { SCAN_WASM } from './scan.wasm.ts';

/** Rows whose highest score is kept together; `scan` works in whole blocks. */
export const BLOCK = 64;
/** Bytes by which the kernel's memory grows. */
export const PAGE = 65_536;
const MOST_PAGES = 65_536;

/** Memory of a kernel. `buffer` is another one after `grow`. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Scores vectors; all arguments are pointers into the memory, or counts: see scan.as. */
export type Scan = (
  query: number,
  queryScale: number,
  vectors: number,
  scales: number,
  scores: number,
  maxima: number,
  count: number,
  width: number,
) => void;

/** The part of the WebAssembly API in use; the types of neither Node nor es2024 have it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number }) => KernelMemory;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}
const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

let compiled: object | undefined;

/** The scan and a memory of its own, one page at first. */
export function newKernel(): { readonly memory: KernelMemory; readonly scan: Scan } {
  compiled ??= new api.Module(Buffer.from(SCAN_WASM, 'base64'));
  const memory = new api.Memory({ initial: 1, maximum: MOST_PAGES });
  const { exports } = new api.Instance(compiled, { env: { memory } });
  return { memory, scan: exports['scan'] as Scan };
}
