import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { InputError } from './input-error.ts';
import { parseFiles, parseText } from './parse.ts';

const head = (kind: string, name: string): string =>
  `apiVersion: edgeloom.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\n`;
const service = '{name: a, template: {spec: {containers: [{name: c}]}}}';
const dag = (name: string): string => `${head('ServiceDAG', name)}spec: {microservices: [${service}]}\n`;
const node = (name: string): string =>
  `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\nstatus: {allocatable: {cpu: 8}}\n`;

/** The lines people see; none when the text is good. */
function complaints(text: string): string[] {
  try {
    parseText(text, 'x.yaml');
    return [];
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message.split('\n');
  }
}

describe('parseText', () => {
  it('reads several documents, lists and kinds, in order, with their lines', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${node('n2').trim().replaceAll('\n', '\n  ')}\n`;
    const objects = parseText([dag('d1'), node('n1'), list, dag('d2')].join('---\n'), 'x.yaml');
    assert.deepEqual(
      objects.serviceDAGs.map((d) => d.metadata.name),
      ['d1', 'd2'],
    );
    assert.deepEqual(
      objects.nodes.map((n) => n.metadata.name),
      ['n1', 'n2'],
    );
    const origins = objects.nodes.map((n) => objects.origins.get(n));
    assert.deepEqual(
      origins.map((o) => [o?.name, o?.line, o?.lineOf('status.allocatable.cpu')]),
      [
        ['Node n1', 6, 9],
        ['Node n2', 14, 17],
      ],
    );
  });

  it('fills in namespace and defaults', () => {
    const [only] = parseText(dag('d'), 'x.yaml').serviceDAGs;
    assert.equal(only?.metadata.namespace, 'default');
    assert.deepEqual(only?.spec, {
      class: 'Massive',
      ingress: [],
      qos: { enforcement: 'Preferred' },
      microservices: [
        { name: 'a', replicas: { min: 1 }, port: 8080, template: { spec: { containers: [{ name: 'c' }] } } },
      ],
      edges: [],
      placement: { candidates: 3, fallback: { after: '30s', mode: 'Release' }, moveBudget: 2 },
      routing: { mechanism: 'Auto' },
    });
  });

  it('takes a null for a default, as the API server does', () => {
    const text = `${head('ServiceDAG', 'd')}spec:\n  edges:\n  ingress:\n  microservices: [${service}]\n`;
    assert.deepEqual(parseText(text, 'x.yaml').serviceDAGs[0]?.spec.edges, []);
  });

  it('keeps what it does not know of nodes and pods', () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, resources: {requests: {cpu: 0.5}}}], dnsPolicy: None}\n';
    const [only] = parseText(pod, 'x.yaml').pods;
    assert.equal(only?.spec['dnsPolicy'], 'None');
    assert.equal(only?.spec.containers[0]?.resources?.requests?.['cpu'], 0.5);
  });

  it('skips other kinds with a note', () => {
    const text = `${dag('d')}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n`;
    assert.deepEqual(parseText(text, 'x.yaml').notes, [
      'x.yaml:6: Deployment web skipped: Edgeloom does not read this kind',
    ]);
  });

  const cases: Record<string, { text: string; want: (string | RegExp)[] }> = {
    'an empty text': { text: '# nothing\n', want: [/^x\.yaml: no objects found/] },
    'no object at all': {
      text: 'just words\n',
      want: [/^x\.yaml:1: "just words" is no Kubernetes object; start it with apiVersion/],
    },
    'no kind': {
      text: 'apiVersion: v1\nmetadata: {name: x}\n',
      want: [/^x\.yaml:1: object x: kind: required field is missing/],
    },
    'a kind that is almost ours': {
      text: head('ServiceDag', 'x'),
      want: [/^x\.yaml:2: ServiceDag x: kind: .* did you mean ServiceDAG\?/],
    },
    'another version': {
      text: dag('d').replace('v1alpha1', 'v1'),
      want: [/^x\.yaml:1: ServiceDAG default\/d: apiVersion: .*; write edgeloom.dev\/v1alpha1/],
    },
    'another group': {
      text: dag('d').replace('edgeloom.dev', 'edgeloom.io'),
      want: [/has no ServiceDAG; write edgeloom.dev\/v1alpha1/],
    },
    'the same object twice': {
      text: `${dag('d')}---\n${dag('d')}`,
      want: [/^x\.yaml:8: ServiceDAG default\/d: metadata.name: already there: x\.yaml:1/],
    },
    'a key twice': {
      text: `${head('ServiceDAG', 'd')}spec:\n  class: Twin\n  class: Twin\n`,
      want: [/^x\.yaml:6: the same key is there twice/],
    },
    'broken YAML': { text: `${head('ServiceDAG', 'd')}spec: [\n`, want: [/^x\.yaml:5: YAML error/] },
    tabs: { text: 'apiVersion: v1\nkind:\n\tNode\n', want: [/^x\.yaml:3: YAML error: .*indent with spaces/] },
    'no name': {
      text: 'apiVersion: v1\nkind: Node\nmetadata: {}\n',
      want: [/^x\.yaml:3: Node \(unnamed\): metadata.name: required field is missing/],
    },
    'a node with a resource that is no quantity': {
      text: node('n').replace('8', '8 cores'),
      want: [/^x\.yaml:4: Node n: status.allocatable.cpu: "8 cores" must be a quantity/],
    },
  };
  for (const [says, { text, want }] of Object.entries(cases)) {
    it(`refuses ${says}`, () => {
      const lines = complaints(text);
      assert.equal(lines.length, want.length, lines.join('\n'));
      for (const [i, pattern] of want.entries()) assert.match(lines[i] ?? '', new RegExp(pattern));
    });
  }

  it('names everything that is wrong, in the order of the lines', () => {
    const text = `${head('ServiceDAG', 'd')}spec:
  qos: {maxLatancy: 20ms}
  microservices:
    - {name: a, port: 0, template: {spec: {containers: [{name: c}]}}}
  edges:
    - {from: a, to: ghost}
`;
    const fields = complaints(`${text}---\n${head('Graph', 'x')}`).map((line) =>
      line.split(': ').slice(0, 3).join(' '),
    );
    assert.deepEqual(fields, [
      'x.yaml:5 ServiceDAG default/d spec.qos.maxLatancy',
      'x.yaml:7 ServiceDAG default/d spec.microservices[0].port',
      'x.yaml:9 ServiceDAG default/d spec.edges[0].to',
      'x.yaml:12 Graph x kind',
    ]);
  });

  it('survives aliases that multiply and lists that never end', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`;
    assert.match(complaints(bomb).join(), /cannot be read/);
    assert.ok(complaints('['.repeat(50_000)).length > 0);
  });

  it('answers any text with objects or an InputError', () => {
    const word = fc.constantFrom(
      'apiVersion: edgeloom.dev/v1alpha1',
      'kind: ServiceDAG',
      'spec:',
      '  edges: {}',
      '- a',
      '---',
      '__proto__: 1',
      'metadata: {name: x}',
      '  microservices: 3',
      '&a',
      '*a',
      '{',
      ']',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 9 }).map((w) => w.join('\n')),
        ),
        (text) => {
          complaints(text);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('parseFiles', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgeloom-parse-'));
    await mkdir(join(folder, 'more'));
    await Promise.all([
      writeFile(join(folder, 'b.yaml'), dag('b')),
      writeFile(join(folder, 'a.yml'), dag('a')),
      writeFile(
        join(folder, 'more/n.json'),
        JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }),
      ),
      writeFile(join(folder, 'kustomization.yaml'), 'resources: [a.yml]\n'),
      writeFile(join(folder, 'README.md'), 'not an object'),
      writeFile(join(folder, '.hidden.yaml'), 'not: [an object'),
    ]);
  });
  after(() => rm(folder, { recursive: true }));

  it('reads folders in order of names, each file once', async () => {
    const { serviceDAGs, nodes, origins } = await parseFiles([join(folder, 'b.yaml'), folder]);
    assert.deepEqual(
      serviceDAGs.map((d) => d.metadata.name),
      ['b', 'a'],
    );
    assert.equal(nodes.length, 1);
    assert.equal(origins.get(nodes[0] ?? {})?.file, join(folder, 'more/n.json'));
  });

  it('names a file that is not there, and goes on', async () => {
    await assert.rejects(parseFiles([join(folder, 'ghost.yaml'), folder]), (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.deepEqual(
        error.problems.map(({ message, line }) => [message, line]),
        [['no such file or folder', 0]],
      );
      return true;
    });
  });
});
