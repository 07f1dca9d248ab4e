import type { Stream } from '#simulator/engine/random.ts';
import type { Call, CallGraph } from './graph.ts';

/** A layered graph: one entry, each further stage called by one of the layer before, some by a second one. */
export function generatedGraph(
  count: number,
  [least, most]: readonly [number, number],
  joins: number,
  draw: Stream,
): CallGraph {
  const depth = Math.min(count, least + Math.floor(draw() * (most - least + 1)));
  const layerOf = (i: number): number =>
    i < depth ? i : 1 + Math.floor(draw() * Math.max(1, depth - 1)) * Math.sign(depth - 1);
  const layers = Array.from({ length: count }, (_, i) => layerOf(i)).toSorted((a, b) => a - b);
  const names = layers.map((_, i) => `m${String(i + 1).padStart(2, '0')}`);
  const edges: Call[] = [];
  for (const [i, layer] of layers.entries()) {
    if (i === 0) continue;
    const before = names.filter((_, j) => layers[j] === Math.max(0, layer - 1) && j < i);
    const callers = new Set([before[Math.floor(draw() * before.length)] ?? names[0] ?? '']);
    if (draw() < joins) callers.add(before[Math.floor(draw() * before.length)] ?? names[0] ?? '');
    for (const from of callers) edges.push({ from, to: names[i] ?? '', calls: 1 });
  }
  return { stages: names.map((name) => ({ name })), edges };
}
