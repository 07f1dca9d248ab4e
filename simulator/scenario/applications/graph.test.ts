import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stream } from '#simulator/engine/random.ts';
import { generatedGraph } from './generated.ts';
import { acyclic, cut, visitsOf } from './graph.ts';
import type { CallGraph } from './graph.ts';

const name = fc.integer({ min: 0, max: 9 }).map((i) => `m${i}`);
const calls = fc.array(fc.record({ from: name, to: name, calls: fc.constant(1) }), { maxLength: 40 });

/** Every call leads forward in the order of the stages, and every stage but the entry is called. */
function assertForward({ stages, edges }: CallGraph): void {
  const at = new Map(stages.map((stage, i) => [stage.name, i]));
  for (const { from, to } of edges) assert.ok((at.get(from) ?? 99) < (at.get(to) ?? -1), `${from}>${to}`);
  for (const stage of stages.slice(1))
    assert.ok(
      edges.some(({ to }) => to === stage.name),
      stage.name,
    );
}

const asGraph = (entry: string, list: Parameters<typeof acyclic>[1]): CallGraph => {
  const { order, edges } = acyclic(entry, list);
  return { stages: order.map((stage) => ({ name: stage })), edges };
};

describe('call graphs', () => {
  it('break back edges: what is left leads forward from the entry', () => {
    fc.assert(
      fc.property(name, calls, (entry, list) => {
        const graph = asGraph(entry, list);
        assert.equal(graph.stages[0]?.name, entry);
        assertForward(graph);
      }),
    );
  });

  it('stay graphs of the size asked for when they are cut', () => {
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 10 }), (list, size) => {
        const graph = asGraph('m0', list);
        const part = cut(graph, size);
        assert.equal(part.stages.length, Math.min(size, graph.stages.length));
        assertForward(part);
      }),
    );
  });

  it('are generated with the stages and layers asked for', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (seed, size, depth) => {
          const graph = generatedGraph(size, [depth, depth], 0.3, stream(seed, 'g'));
          assert.equal(graph.stages.length, size);
          assertForward(graph);
        },
      ),
    );
  });

  it('count visits along every way', () => {
    const graph = asGraph('a', [
      { from: 'a', to: 'b', calls: 2 },
      { from: 'a', to: 'c', calls: 1 },
      { from: 'b', to: 'd', calls: 1 },
      { from: 'c', to: 'd', calls: 3 },
      { from: 'd', to: 'a', calls: 1 },
    ]);
    assert.deepEqual(Object.fromEntries(visitsOf(graph)), { a: 1, c: 1, b: 2, d: 5 });
  });
});
