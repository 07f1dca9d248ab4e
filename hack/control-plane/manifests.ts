import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { NodeManifest } from './nodes.ts';

/** The v1 Nodes in YAML files, and in the YAML files of folders; other kinds are passed over. */
export async function readNodeManifests(paths: readonly string[]): Promise<NodeManifest[]> {
  const files = (await Promise.all(paths.map(yamlFiles))).flat();
  const nodes = (await Promise.all(files.map(nodesIn))).flat();
  if (nodes.length === 0) {
    throw new Error(
      `no v1 Node in ${paths.join(', ')}; give files or folders that hold Node objects, or use --nodes N`,
    );
  }
  const names = nodes.map(({ metadata }) => metadata.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Node "${twice}" is given twice; remove one of the two`);
  return nodes;
}

async function yamlFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Error(`${path} does not exist`);
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

async function nodesIn(file: string): Promise<NodeManifest[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken !== undefined) throw new Error(`${file} is not YAML: ${broken.message}`);
  return documents.flatMap((document) => members(document.toJS())).map((object) => checked(object, file));
}

function members(document: unknown): Record<string, unknown>[] {
  if (typeof document !== 'object' || document === null) return [];
  const object = document as Record<string, unknown>;
  if (String(object.kind).endsWith('List') && Array.isArray(object.items))
    return object.items.flatMap(members);
  return object.kind === 'Node' && object.apiVersion === 'v1' ? [object] : [];
}

function checked(object: Record<string, unknown>, file: string): NodeManifest {
  const { metadata } = object as { metadata?: { name?: unknown } };
  if (typeof metadata?.name === 'string') return object as unknown as NodeManifest;
  throw new Error(`${file}: a Node has no metadata.name; give it one`);
}
