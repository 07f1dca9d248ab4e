import { MultiDirectedGraph } from 'graphology';
import { parse } from 'graphology-graphml';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Features, MemoryGraph } from './memory-graph.ts';

/** GraphML 1.0 of a memory graph, with typed keys: what yEd, Gephi, NetworkX and Memgraph's import read. */
export function toGraphml(graph: MemoryGraph): string {
  const keys = { node: new Map<string, string>(), edge: new Map<string, string>() };
  const nodes = graph.mapNodes(
    (key, features) => `<node id="${text(key)}">${data(features, keys.node, 'n')}</node>`,
  );
  const edges = graph.mapEdges(
    (_key, features, source, target) =>
      `<edge source="${text(source)}" target="${text(target)}">${data(features, keys.edge, 'e')}</edge>`,
  );
  const declared = (['node', 'edge'] as const).flatMap((kind) =>
    [...keys[kind]].map(
      ([name, type], i) =>
        `<key id="${kind[0]}${i}" for="${kind}" attr.name="${text(name)}" attr.type="${type}"/>`,
    ),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    ...declared,
    '<graph id="memory" edgedefault="directed">',
    ...nodes,
    ...edges,
    '</graph>',
    '</graphml>',
    '',
  ].join('\n');
}

/** A memory graph of GraphML; throws `RefusedTrace` when it is none. */
export function fromGraphml(xml: string): MemoryGraph {
  try {
    // The parser merges parallel edges of graphs that are not multi: it is given one that is.
    return parse(MultiDirectedGraph<Features, Features>, xml);
  } catch (error) {
    throw new RefusedTrace('', `it is no GraphML: ${(error as Error).message}`, 'look at the file');
  }
}

function data(features: Features, keys: Map<string, string>, prefix: string): string {
  return Object.entries(features)
    .map(([name, value]) => {
      const type = typeof value === 'number' ? 'double' : typeof value === 'boolean' ? 'boolean' : 'string';
      if (!keys.has(name)) keys.set(name, type);
      return `<data key="${prefix}${[...keys.keys()].indexOf(name)}">${text(String(value))}</data>`;
    })
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** Characters that XML 1.0 cannot hold are left out. */
const text = (raw: string): string =>
  Array.from(raw)
    .filter((c) => c >= ' ' || c === '\t' || c === '\n' || c === '\r')
    .map((c) => ENTITIES[c] ?? c)
    .join('');
