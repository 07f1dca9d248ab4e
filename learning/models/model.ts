import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOnnx } from '../executors/onnxruntime.ts';
import type { Program, Values } from '../executors/executor.ts';
import { sameShape, show } from '../ir/shape.ts';
import type { Graph } from '../ir/graph.ts';
import { OPSET, writeOnnx } from '../onnx/writer.ts';
import type { Weights } from '../onnx/writer.ts';
import { ModelError, checkNumbers, digestOf, parseManifest } from './manifest.ts';
import type { Feature, Manifest } from './manifest.ts';

/** What the maker of a model says of it; the rest of the manifest follows from the graph. */
export interface Description extends Pick<Manifest, 'name' | 'version' | 'seed' | 'data' | 'quality'> {
  /** Columns of the inputs that have meanings, by input. */
  readonly features: Readonly<Record<string, readonly Feature[]>>;
}

/** A model file and what it is, checked against each other. */
export interface StoredModel {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** Writes `NAME.onnx` and `NAME.json` to a folder, each whole or not at all. Same graph, weights and description: same bytes. */
export async function saveModel(
  folder: string,
  graph: Graph,
  weights: Weights,
  { features, ...description }: Description,
): Promise<Manifest> {
  const bytes = writeOnnx(graph, weights);
  const manifest: Manifest = {
    format: 1,
    ...description,
    file: `${description.name}.onnx`,
    sha256: digestOf(bytes),
    opset: OPSET,
    inputs: graph.inputs
      .filter(({ name }) => !weights.has(name))
      .map(({ name, shape }) => {
        const columns = features[name];
        return { name, shape: [...shape], ...(columns === undefined ? {} : { features: [...columns] }) };
      }),
    outputs: graph.outputs.map(({ name, shape }) => ({ name, shape: [...shape] })),
  };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  parseManifest(text, `${description.name}.json`);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, manifest.file), bytes);
  await writeWhole(join(folder, `${description.name}.json`), text);
  return manifest;
}

async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}

/** Reads a model and its manifest. Throws `ModelError` when one is missing, malformed, or the file is not the one the manifest describes. */
export async function readModel(folder: string, name: string): Promise<StoredModel> {
  const path = join(folder, `${name}.json`);
  const manifest = parseManifest((await read(path)).toString('utf8'), path);
  if (manifest.name !== name)
    throw new ModelError(`${path}: name: is "${manifest.name}", not "${name}"; rename the file`);
  const bytes = await read(join(folder, manifest.file));
  const digest = digestOf(bytes);
  if (digest !== manifest.sha256)
    throw new ModelError(
      `${join(folder, manifest.file)}: its SHA-256 is ${digest}, the manifest wants ${manifest.sha256}: cut, edited or of another training; copy both files again`,
    );
  return { manifest, bytes };
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`${file}: cannot be read (${message}); train the model or name its folder`, {
      cause,
    });
  }
}

/** A stored model ready to answer. */
export interface Model {
  readonly manifest: Manifest;
  /** Every output from every input. Throws `ModelError` on a wrong length or a number that is not finite, in or out. */
  run(feeds: Values): Promise<Values>;
  close(): Promise<void>;
}

/** Loads a stored model into onnxruntime. Throws `ModelError` when the file's inputs or outputs are not those of the manifest. */
export async function openModel({ manifest, bytes }: StoredModel): Promise<Model> {
  const program = await load(manifest, bytes);
  checkPorts(manifest, 'inputs', program);
  checkPorts(manifest, 'outputs', program);
  return {
    manifest,
    run: async (feeds) => {
      for (const port of manifest.inputs) checkNumbers(manifest.name, port, feeds[port.name]);
      const results = await program.run(feeds);
      for (const port of manifest.outputs) checkNumbers(manifest.name, port, results[port.name]);
      return results;
    },
    close: () => program.close(),
  };
}

async function load(manifest: Manifest, bytes: Uint8Array): Promise<Program> {
  try {
    return await loadOnnx(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`${manifest.file}: onnxruntime cannot load it (${message})`, { cause });
  }
}

function checkPorts(manifest: Manifest, side: 'inputs' | 'outputs', program: Program): void {
  const found = new Map(program[side].map(({ name, shape }) => [name, shape]));
  for (const { name, shape } of manifest[side]) {
    const actual = found.get(name);
    if (actual === undefined || !sameShape(actual, shape))
      throw new ModelError(
        `model ${manifest.name}: ${side}.${name}: the manifest says ${show(shape)}, ${manifest.file} has ${actual === undefined ? 'none' : show(actual)}`,
      );
  }
  if (found.size !== manifest[side].length)
    throw new ModelError(
      `model ${manifest.name}: ${manifest.file} has ${found.size} ${side}, the manifest ${manifest[side].length}`,
    );
}
