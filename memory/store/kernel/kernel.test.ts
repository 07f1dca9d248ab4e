import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { compileKernel, kernelModule } from './compile.ts';

describe('the compiled kernel', () => {
  it('is what scan.as compiles to; else run: make generate', async () => {
    const checkedIn = await readFile(new URL('scan.wasm.ts', import.meta.url), 'utf8');
    assert.equal(checkedIn, kernelModule(await compileKernel()));
  });
});
