import { writeFile } from 'node:fs/promises';
import { compileKernel, kernelModule } from './compile.ts';

await writeFile(new URL('scan.wasm.ts', import.meta.url), kernelModule(await compileKernel()));
