import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { checkBands, cycles, graphFindings } from './dag-checks.ts';
import type { NamedGraph } from './dag-checks.ts';
import { fieldOf } from './finding.ts';
import { parseText } from './parse.ts';

/** `a>b b>c`, with the microservices in order of appearance unless they are given. */
function graph(text: string, names?: string): NamedGraph {
  const edges = text.split(' ').map((edge) => {
    const [from = '', to = ''] = edge.split('>');
    return { from, to };
  });
  const all = names?.split(' ') ?? [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  return { microservices: all.map((name) => ({ name })), edges };
}

describe('cycles', () => {
  const cases: Record<string, { graph: NamedGraph; want: string[] }> = {
    'a chain has none': { graph: graph('a>b b>c'), want: [] },
    'a diamond has none': { graph: graph('a>b a>c b>d c>d'), want: [] },
    'two that call each other': { graph: graph('a>b b>a'), want: ['a b'] },
    'three, from the first microservice on, whatever the order of edges': {
      graph: graph('c>a b>c a>b', 'a b c'),
      want: ['a b c'],
    },
    'the shortest one through a microservice': {
      graph: graph('a>b b>c c>a b>a', 'a b c'),
      want: ['a b', 'c a b'],
    },
    'two that have nothing to do with each other': { graph: graph('a>b b>a c>d d>c'), want: ['a b', 'c d'] },
    'self calls are another matter': { graph: graph('a>a a>b'), want: [] },
    'what leads in and out is left out': { graph: graph('in>a a>b b>a b>out', 'in a b out'), want: ['a b'] },
  };
  for (const [says, { graph: given, want }] of Object.entries(cases)) {
    it(says, () =>
      assert.deepEqual(
        cycles(given).map((c) => c.members.join(' ')),
        want,
      ),
    );
  }

  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const name = fc.constantFrom(...names);
  const edges = fc.array(fc.record({ from: name, to: name }), { maxLength: 16 });
  const microservices = names.map((n) => ({ name: n }));

  it('finds one exactly when no order puts callers before callees, and names calls that are there', () => {
    fc.assert(
      fc.property(edges, (all) => {
        const calls = all.filter(({ from, to }) => from !== to);
        const left = new Set(names);
        for (let n = 0; n < names.length; n++) {
          for (const one of left) if (!calls.some((c) => c.to === one && left.has(c.from))) left.delete(one);
        }
        const found = cycles({ microservices, edges: all });
        assert.equal(found.length > 0, left.size > 0);
        for (const { members, edge } of found) {
          assert.deepEqual([all[edge]?.from, all[edge]?.to], [members[0], members[1]]);
          for (const [i, from] of members.entries()) {
            const to = members[(i + 1) % members.length];
            assert.ok(
              all.some((c) => c.from === from && c.to === to),
              `${from} → ${to}`,
            );
          }
        }
      }),
    );
  });
});

describe('graphFindings', () => {
  it('names every end that is missing, with the nearest name', () => {
    const found = graphFindings(graph('capture>stich ghost>capture', 'capture stitch'));
    assert.deepEqual(
      found.map(({ path, message, fix }) => `${fieldOf(path)}: ${message}; ${fix}`),
      [
        'spec.edges[0].to: edge capture→stich: no microservice "stich"; did you mean stitch?',
        'spec.edges[1].from: edge ghost→capture: no microservice "ghost"; known: capture, stitch',
      ],
    );
  });

  it('writes a cycle as people draw it', () => {
    const [only, ...rest] = graphFindings(graph('a>b b>c c>a'));
    assert.equal(only?.message, 'cycle a → b → c → a');
    assert.deepEqual(rest, []);
  });
});

describe('checkBands', () => {
  const text = (entry: string, bands = '[{name: mmWave, latency: 700us, bandwidth: 1G}]'): string => `
apiVersion: edgeloom.dev/v1alpha1
kind: EdgeRegion
metadata: {name: cbd-north}
spec: {nodeSelector: {matchLabels: {r: n}}, radio: {bands: ${bands}}}
---
apiVersion: edgeloom.dev/v1alpha1
kind: ServiceDAG
metadata: {name: d}
spec:
  ingress: [${entry}]
  microservices: [{name: a, template: {spec: {containers: [{name: c}]}}}]
`;
  const cases: Record<string, { entry: string; bands?: string; want: RegExp }> = {
    'a region that is not there': {
      entry: '{region: cbd-nort}',
      want: /no EdgeRegion "cbd-nort"; did you mean cbd-north\?/,
    },
    'a band that the region lacks': {
      entry: '{region: cbd-north, band: lte}',
      want: /has no band lte; known: mmWave/,
    },
    'a band where there is no radio': {
      entry: '{region: cbd-north, band: lte}',
      bands: '[]',
      want: /remove it, or add it/,
    },
  };
  for (const [says, { entry, bands, want }] of Object.entries(cases)) {
    it(`refuses ${says}, with its line`, () => {
      assert.throws(() => parseText(text(entry, bands), 'd.yaml'), { message: want });
      assert.throws(() => parseText(text(entry, bands), 'd.yaml'), {
        message: /d\.yaml:11: ServiceDAG default\/d: spec\.ingress\[0\]/,
      });
    });
  }

  it('accepts users without radio, and a DAG without any region at hand', () => {
    const { serviceDAGs } = parseText(text('{region: cbd-north}'), 'd.yaml');
    assert.deepEqual(serviceDAGs.flatMap((dag) => checkBands(dag, [])).length, 1);
    assert.equal(parseText(text('{region: x}').split('---')[1] ?? '', 'd.yaml').serviceDAGs.length, 1);
  });
});
