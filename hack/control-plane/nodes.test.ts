import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNodeManifests } from './manifests.ts';
import { isFaultNode, plainNodes } from './nodes.ts';

describe('plain nodes', () => {
  it('have different names, and are in three edge regions and a cloud', () => {
    const nodes = plainNodes(40);
    assert.equal(new Set(nodes.map(({ metadata }) => metadata.name)).size, 40);
    const regions = nodes.map(({ metadata }) => metadata.labels?.['edgeloom.dev/region']);
    assert.deepEqual(new Set(regions), new Set(['cloud', 'north', 'south', 'west']));
    assert.equal(regions.filter((region) => region === 'cloud').length, 4);
    assert.ok(!nodes.some(isFaultNode));
  });
});

describe('node manifests', () => {
  let directory: string;
  const file = async (text: string, name = 'nodes.yaml'): Promise<string> => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgeloom-nodes-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const node = (name: string): string => `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\n`;
  const names = async (path: string): Promise<string[]> =>
    (await readNodeManifests([path])).map(({ metadata }) => metadata.name);

  it('are found among other kinds, in lists and in folders', async () => {
    await file(`${node('a')}---\nkind: ServiceDAG\n---\n`, 'one.yaml');
    await file('kind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: b}}\n', 'two.yml');
    assert.deepEqual(await names(directory), ['a', 'b']);
  });

  const wrong = {
    'a file that is not there': [undefined, /missing\.yaml does not exist/],
    'no node at all': ['kind: Pod\n', /no v1 Node in .*--nodes N/],
    'a node without a name': ['apiVersion: v1\nkind: Node\n', /nodes\.yaml: a Node has no metadata\.name/],
    'a name given twice': [`${node('a')}---\n${node('a')}`, /Node "a" is given twice/],
    'broken YAML': ['kind: [Node\n', /nodes\.yaml is not YAML/],
  } as const;
  for (const [name, [text, message]] of Object.entries(wrong)) {
    it(`${name} is refused, and the message says where`, async () => {
      const path = text === undefined ? join(directory, 'missing.yaml') : await file(text);
      await assert.rejects(names(path), message);
    });
  }
});
