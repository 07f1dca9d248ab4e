/** Who calls whom, from one entry. */
export interface CallGraph {
  /** The entry first, every stage after at least one that calls it. DNS labels. */
  readonly stages: readonly Stage[];
  readonly edges: readonly Call[];
}

/** A stage of a graph. */
export interface Stage {
  readonly name: string;
  /** Measured service time; absent when it was not measured. */
  readonly micros?: number;
}

/** Calls of one stage to another. */
export interface Call {
  readonly from: string;
  readonly to: string;
  /** For each request that reaches the caller. */
  readonly calls: number;
}

/** The part of calls that can be reached from an entry without going back: stages in an order in which callers come first. */
export function acyclic(entry: string, calls: readonly Call[]): { order: string[]; edges: Call[] } {
  const out = Map.groupBy(calls, ({ from }) => from);
  const state = new Map<string, 'open' | 'done'>();
  const order: string[] = [];
  const back = new Set<Call>();
  const visit = (name: string): void => {
    state.set(name, 'open');
    for (const call of out.get(name) ?? []) {
      const seen = state.get(call.to);
      if (seen === 'open') back.add(call);
      else if (seen === undefined) visit(call.to);
    }
    state.set(name, 'done');
    order.push(name);
  };
  visit(entry);
  return {
    order: order.toReversed(),
    edges: calls.filter((call) => state.has(call.from) && !back.has(call)),
  };
}

/** How often one request meets each stage. */
export function visitsOf({ stages, edges }: CallGraph): Map<string, number> {
  const visits = new Map<string, number>(stages.map(({ name }, i) => [name, i === 0 ? 1 : 0]));
  for (const { name } of stages) {
    for (const { from, to, calls } of edges) {
      if (from === name) visits.set(to, (visits.get(to) ?? 0) + (visits.get(name) ?? 0) * calls);
    }
  }
  return visits;
}

/** The first stages of a graph, breadth first from the entry, and the calls between them. */
export function cut(graph: CallGraph, stages: number): CallGraph {
  const [entry] = graph.stages;
  if (entry === undefined || graph.stages.length <= stages) return graph;
  const kept = new Set([entry.name]);
  for (const name of kept) {
    for (const { from, to } of graph.edges) if (from === name && kept.size < stages) kept.add(to);
  }
  return {
    stages: graph.stages.filter(({ name }) => kept.has(name)),
    edges: graph.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}
