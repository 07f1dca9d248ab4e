import { copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = [
  'bin',
  'crds',
  'world',
  'learning',
  'memory',
  'planner',
  'agents',
  'simulator',
  'kube',
  'operator',
  'scheduler-plugin',
];
// They find files beside themselves (WebAssembly, shared libraries), so they stay packages.
const PACKAGES = ['highs', 'onnxruntime-node', '@tensorflow/*', 'node-llama-cpp', '@grpc/*'];
// A worker is a program of its own; the bundle has it beside main.mjs under the same name.
const WORKER = /new URL\('\.\/([\w-]+)\.ts', import\.meta\.url\)/g;
// Some packages inside the bundle are CommonJS and ask for Node's modules with require.
const BANNER =
  "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);";

/** Bundles the command line, its workers and trained models into `folder`: main.mjs starts in a third of the time of the sources. */
export async function bundle(folder: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['bin/main.ts', ...(await workers())],
    entryNames: '[name]',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    sourcemap: true,
    minify: true,
    keepNames: true,
    external: PACKAGES,
    banner: { js: BANNER },
    plugins: [renamedWorkers],
    logLevel: 'warning',
  });
  await copyModels(folder);
}

/** Trained models lie in `models` beside the code that reads them; all code is in one folder here, and so are they. */
async function copyModels(folder: string): Promise<void> {
  const models = (await files()).filter(
    (file) => basename(dirname(file)) === 'models' && !file.endsWith('.ts'),
  );
  const names = new Set(models.map((file) => basename(file)));
  if (names.size < models.length) throw new Error(`two models have one name: ${models.join(', ')}`);
  await mkdir(join(folder, 'models'), { recursive: true });
  for (const file of models) await copyFile(join(ROOT, file), join(folder, 'models', basename(file)));
}

const renamedWorkers: Plugin = {
  name: 'renamed-workers',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { loader: 'ts', contents: text.replaceAll(WORKER, "new URL('./$1.mjs', import.meta.url)") };
    });
  },
};

async function files(): Promise<string[]> {
  const listed = FOLDERS.map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true }).catch(() => []);
    return names.map((name) => join(folder, name));
  });
  return (await Promise.all(listed)).flat();
}

async function workers(): Promise<string[]> {
  const sources = (await files()).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const found = sources.map(async (file) => {
    const text = await readFile(join(ROOT, file), 'utf8');
    return [...text.matchAll(WORKER)].map((match) => join(file, '..', `${match[1] ?? ''}.ts`));
  });
  return [...new Set((await Promise.all(found)).flat())].sort();
}

if (import.meta.main) await bundle(resolve(process.argv[2] ?? 'dist'));
