import { z } from 'zod';
import type { DataFolder } from '#simulator/data/folder.ts';
import { problemAt } from '#simulator/data/folder.ts';
import type { CallGraph } from './graph.ts';
import { acyclic, visitsOf } from './graph.ts';

const SET = 'callgraphs-alibaba-dgg';
const FILE = 'call_graphs.jsonl.gz';

const record = z.object({
  service: z.string().min(1),
  num: z.number().positive(),
  nodes: z.array(z.tuple([z.string(), z.string()])).min(1),
  edges: z.array(z.tuple([z.string(), z.string(), z.number().positive(), z.string()])),
});

/** Call graphs of one production service, with the number of requests that had each. */
export interface Service {
  readonly name: string;
  readonly graphs: readonly { readonly graph: CallGraph; readonly requests: number }[];
}

/**
 * Services in order of name. Back edges are dropped and what `USER` cannot reach is left out, as are graphs with several entries or
 * in which a request meets a stage more than `mostVisits` times. Throws an `InputError` with the line of a broken record.
 */
export function alibabaServices(folder: DataFolder, mostVisits: number): Service[] {
  const services = new Map<string, { graph: CallGraph; requests: number }[]>();
  const lines = folder.text(SET, FILE).split('\n');
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const read = recordOf(line, i + 1);
    const graph = graphOf(read.edges);
    if (graph === undefined || Math.max(...visitsOf(graph).values()) > mostVisits) continue;
    const own = services.get(read.service) ?? [];
    own.push({ graph, requests: read.num });
    services.set(read.service, own);
  }
  return [...services].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, graphs]) => ({ name, graphs }));
}

function recordOf(line: string, at: number): z.infer<typeof record> {
  const file = `${SET}/${FILE}`;
  const fix = 'correct the line, or fetch the set again';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw problemAt(file, at, '', error instanceof Error ? error.message : String(error), fix);
  }
  const result = record.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw problemAt(file, at, issue?.path.join('.') ?? '', issue?.message ?? 'no call graph', fix);
}

function graphOf(edges: z.infer<typeof record>['edges']): CallGraph | undefined {
  const entries = edges.filter(([from]) => from === 'USER').map(([, to]) => to);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) return undefined;
  const calls = edges
    .filter(([from, to]) => from !== to && from !== 'USER' && to !== 'USER')
    .map(([from, to, calls]) => ({ from, to, calls }));
  const { order, edges: kept } = acyclic(entry, unique(calls));
  const label = new Map(order.map((name, i) => [name, `m${String(i + 1).padStart(2, '0')}`]));
  return {
    stages: order.map((name) => ({ name: label.get(name) ?? name })),
    edges: kept.map(({ from, to, calls }) => ({
      from: label.get(from) ?? from,
      to: label.get(to) ?? to,
      calls,
    })),
  };
}

/** One call per pair: several protocols between the same two are added up. */
function unique(
  calls: readonly { from: string; to: string; calls: number }[],
): { from: string; to: string; calls: number }[] {
  const sums = new Map<string, { from: string; to: string; calls: number }>();
  for (const { from, to, calls: times } of calls) {
    const key = `${from}>${to}`;
    const before = sums.get(key);
    sums.set(key, { from, to, calls: (before?.calls ?? 0) + times });
  }
  return [...sums.values()];
}
