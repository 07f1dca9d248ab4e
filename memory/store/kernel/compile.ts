import { readFileSync } from 'node:fs';
import { main } from 'assemblyscript/asc';

const SOURCE = new URL('scan.as', import.meta.url);

/** Compiles `scan.as`; throws with the compiler's words. Needs the development dependencies. */
export async function compileKernel(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const said: string[] = [];
  const { error } = await main(
    // prettier-ignore
    ['scan.ts', '--outFile', 'scan.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert', '--runtime', 'stub',
      '--enable', 'simd', '--importMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    {
      readFile: (name: string) => (name === 'scan.ts' ? readFileSync(SOURCE, 'utf8') : null),
      writeFile: (_name: string, contents: Uint8Array | string) => {
        if (typeof contents !== 'string') wasm = contents;
      },
      listFiles: () => [],
      stderr: { write: (text: string | Uint8Array) => void said.push(String(text)) },
    },
  );
  if (error !== null || wasm === undefined)
    throw new Error(`scan.as does not compile: ${said.join('')}`, { cause: error });
  return wasm;
}

/** Text of `scan.wasm.ts`. */
export function kernelModule(wasm: Uint8Array): string {
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  return (
    '/** `scan.as`, compiled. Written by `make generate`; a test says when it is old. */\n' +
    `export const SCAN_WASM =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`
  );
}
