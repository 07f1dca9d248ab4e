import type { CachedDag } from '../objects.ts';
import type { Edge } from '../routing/edge.ts';
import { backendName } from '../routing/names.ts';
import { MOST_GROUPS, REST } from '../routing/weights.ts';
import { xdsId } from '../xds/edge.ts';
import { clusterName } from '../xds/resources.ts';
import { boundedName } from '../controllers/servicedag/render.ts';
import { seriesKey } from './source.ts';

/** What a series measures; `of` is the same for all series of one edge, or of one entry. */
export type Target =
  /** Calls of one edge; of one of its groups where that is known. */
  | {
      readonly kind: 'edge';
      readonly of: string;
      readonly dag: string;
      readonly edge: string;
      readonly group: string | undefined;
    }
  /** Requests of users to a microservice that nobody inside calls, or to the application as a whole. */
  | { readonly kind: 'entry'; readonly of: string; readonly dag: string; readonly entry: string };

/** Microservices that nobody inside calls: where the requests of users arrive. */
export function entriesOf(dag: CachedDag): CachedDag['spec']['microservices'] {
  const called = new Set(dag.spec.edges.map(({ to }) => to));
  return dag.spec.microservices.filter(({ name }) => !called.has(name));
}

/**
 * Names of the series of one DAG under every mechanism, and what each measures. Backends behind a Gateway or in a mesh are Services of
 * the callee: where several edges lead to it, their counters are one, and the series is each of theirs. Pure.
 */
export function seriesOf(dag: CachedDag, edges: readonly Edge[]): [string, Target][] {
  const { name, namespace = 'default' } = dag.metadata;
  const key = `${namespace}/${name}`;
  const series: [string, Target][] = [];
  const behind = (service: string, port: number, target: Target): void => {
    for (const protocol of ['http', 'grpc'])
      series.push([seriesKey('Envoy', `service/${namespace}/${service}/${port}/${protocol}`), target]);
    series.push([seriesKey('Service', `${namespace}/${service}`), target]);
  };
  for (const edge of edges) {
    const of = `edge ${key} ${edge.key}`;
    const to = (group: string | undefined): Target => ({ kind: 'edge', of, dag: key, edge: edge.key, group });
    // Calls may go wherever a replica is, even where the plan sends none.
    const groups = new Set([...edge.wanted, ...edge.replicas].map(({ group }) => group));
    if (groups.size > MOST_GROUPS) groups.add(REST);
    for (const group of groups) {
      behind(backendName(name, edge.to, group), edge.port, to(group));
      series.push([seriesKey('Envoy', clusterName(xdsId(edge), group)), to(group)]);
    }
    // Envoy Gateway without mergeBackends: one cluster for the whole rule.
    for (const kind of ['httproute', 'grpcroute'])
      series.push([seriesKey('Envoy', `${kind}/${namespace}/${edge.front}/rule/0`), to(undefined)]);
  }
  for (const { name: entry, port } of entriesOf(dag))
    behind(boundedName(name, entry), port, { kind: 'entry', of: `entry ${key} ${entry}`, dag: key, entry });
  series.push([seriesKey('Dag', key), { kind: 'entry', of: `entry ${key}`, dag: key, entry: '' }]);
  return series;
}
