import { LABELS } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import { parseText } from '#crds/parse.ts';
import { keyOf } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import type { DagObservation, Observation, Placement } from '../orchestrator.ts';

/** Test support: what happened in a small city since the last look. */
export interface Seen {
  readonly atMicros?: number;
  /** What runs, as it was placed; nodes that are down have nothing. */
  readonly placements?: readonly Placement[];
  readonly down?: readonly string[];
  /** Requests/s by DAG (`default/app`), per entry of its ingress. */
  readonly rates?: Readonly<Record<string, readonly number[]>>;
  /** Share of requests that missed a limit, by DAG. */
  readonly violated?: Readonly<Record<string, number>>;
}

/** Test support: what an orchestrator sees of a city of these objects. */
export function observe(items: readonly Item[], seen: Seen = {}): Observation {
  const { atMicros = 0, placements = [], down = [], rates = {}, violated = {} } = seen;
  const parsed = parseText(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'test');
  const nodes = parsed.nodes.map((one) => ({
    ...one,
    status: {
      ...one.status,
      conditions: [{ type: 'Ready', status: down.includes(one.metadata.name) ? 'Unknown' : 'True' }],
    },
  }));
  const { serviceDAGs: dags, edgeRegions: regions } = parsed;
  const pods = placements.flatMap(({ dag: key, replicas }) => {
    const spec = dags.find((one) => keyOf(one) === key)?.spec;
    return replicas.flatMap(({ microservice, node: nodeName }, i): KubePod[] => {
      const template = spec?.microservices.find(({ name }) => name === microservice)?.template.spec;
      if (template === undefined || down.includes(nodeName)) return [];
      const name = `${key.slice(key.indexOf('/') + 1)}-${microservice}-${i}`;
      const labels = { [LABELS.dag]: key.slice(key.indexOf('/') + 1), [LABELS.microservice]: microservice };
      return [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace: 'default', labels },
          spec: { ...template, nodeName },
          status: { phase: 'Running' },
        },
      ];
    });
  });
  const objects = { nodes, regions, dags, pods, nowMs: atMicros / 1000 };
  return {
    atMicros,
    objects,
    snapshot: snapshotOf(objects),
    changed: down,
    dags: dags.map((one): DagObservation => {
      const share = violated[keyOf(one)] ?? 0;
      return {
        dag: keyOf(one),
        rates: rates[keyOf(one)] ?? one.spec.ingress.map((i) => Number(i.requestsPerSecond ?? 0)),
        completed: 100,
        violated: 100 * share,
        meanLatencyMicros: 10_000,
        p95LatencyMicros: 20_000,
        utilisation: {},
      };
    }),
  };
}

/** Test support: three regions in a row, two nodes each of unlike speed, and some pipelines of `a`, `b`, `c` with users in two of them. */
export function smallCity(pipelines = 2, rate = 10): Item[] {
  const attachment = { latency: '200us', bandwidth: '10G' };
  const link = (
    from: string,
    to: string,
  ): { from: string; to: string; latency: string; bandwidth: string } => ({
    from,
    to,
    latency: '2ms',
    bandwidth: '10G',
  });
  return [
    region('east', { attachment }),
    region('middle', { attachment, links: [link('east', 'middle'), link('middle', 'west')] }),
    region('west', { attachment }),
    ...['east', 'middle', 'west'].flatMap((name, r) => [
      node(`${name}-1`, { region: name, cpu: '8', mips: 2000 + 500 * r }),
      node(`${name}-2`, { region: name, cpu: '6', mips: 3000 - 500 * r }),
    ]),
    ...Array.from({ length: pipelines }, (_, d) =>
      dag(`app-${d}`, {
        ingress: [
          { region: d % 2 === 0 ? 'east' : 'west', requestsPerSecond: String(rate), payload: '20k' },
          { region: 'middle', requestsPerSecond: '2', payload: '20k' },
        ],
        qos: { maxLatency: '60ms' },
        microservices: ['a', 'b', 'c'].map((name) => service(name, { work: '10M', max: 3 })),
        edges: [
          { from: 'a', to: 'b', payload: '50k' },
          { from: 'b', to: 'c', payload: '20k' },
        ],
      }),
    ),
  ];
}
