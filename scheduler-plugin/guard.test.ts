import assert from 'node:assert/strict';
import fc from 'fast-check';
import { filter, prioritize } from './guard.ts';
import type { NodeFacts } from './guard.ts';
import type { ExtenderArgs } from './wire.ts';

const plain: NodeFacts = { ready: true, annotations: {} };
const ours = { 'edgeloom.dev/dag': 'shop', 'edgeloom.dev/slice': 'xr' };
const args = (labels: Record<string, string>, names: string[]): ExtenderArgs => ({
  Pod: { metadata: { name: 'p', labels } },
  NodeNames: names,
});
const known = (facts: Record<string, NodeFacts>) => (name: string) => facts[name];

describe('the guard', () => {
  const cases = {
    'a ready node passes': { labels: ours, facts: { a: plain }, kept: ['a'], why: undefined },
    'a node that is not ready is out': {
      labels: ours,
      facts: { a: { ...plain, ready: false } },
      kept: [],
      why: /not ready/,
    },
    'a node of another slice is out': {
      labels: ours,
      facts: { a: { ready: true, annotations: { 'edgeloom.dev/slices': 'iot, twin' } } },
      kept: [],
      why: /slice xr/,
    },
    'a node that hosts the slice passes': {
      labels: ours,
      facts: { a: { ready: true, annotations: { 'edgeloom.dev/slices': 'iot, xr' } } },
      kept: ['a'],
      why: undefined,
    },
    'a node nobody has heard of passes: the scheduler knows better': {
      labels: ours,
      facts: {},
      kept: ['a'],
      why: undefined,
    },
    'pods of others are none of its business': {
      labels: { app: 'web' },
      facts: { a: { ...plain, ready: false } },
      kept: ['a'],
      why: undefined,
    },
  } as const;
  for (const [name, tc] of Object.entries(cases)) {
    it(name, () => {
      const result = filter(args(tc.labels, ['a']), known(tc.facts));
      assert.deepEqual(result.NodeNames, tc.kept);
      if (tc.why === undefined) assert.deepEqual(result.FailedNodes, {});
      else assert.match(result.FailedNodes['a'] ?? '', tc.why);
    });
  }

  it('sorts every candidate into exactly one list, and never invents one', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')),
        fc.func(fc.boolean()),
        (names, ready) => {
          const { NodeNames, FailedNodes } = filter(args(ours, names), (name) => ({
            ...plain,
            ready: ready(name),
          }));
          assert.deepEqual([...NodeNames, ...Object.keys(FailedNodes)].toSorted(), names.toSorted());
        },
      ),
    );
  });

  it('answers whole nodes with whole nodes when the scheduler was not told to send names', () => {
    const whole: ExtenderArgs = {
      Pod: { metadata: { name: 'p', labels: ours } },
      NodeNames: null,
      Nodes: { items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] },
    };
    const result = filter(whole, known({ a: plain, b: { ...plain, ready: false } }));
    assert.deepEqual(result.NodeNames, ['a']);
    assert.deepEqual(
      result.Nodes?.items?.map((n) => n.metadata.name),
      ['a'],
    );
  });

  it('scores all candidates alike', () => {
    assert.deepEqual(prioritize(args(ours, ['a', 'b'])), [
      { Host: 'a', Score: 0 },
      { Host: 'b', Score: 0 },
    ]);
  });
});
