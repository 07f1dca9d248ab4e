import { API_VERSION } from '#crds/meta.ts';
import { durationMicros, quantity } from '#crds/quantity.ts';
import { serviceDAG } from '#crds/servicedag.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Stream } from '#simulator/engine/random.ts';
import type { ClassSpec } from '../schema/applications.ts';
import type { CitySpec } from '../schema/city.ts';
import type { CallGraph } from './graph.ts';
import { visitsOf } from './graph.ts';
import { localLatency, middleMips, replicasFor } from './sizing.ts';
import type { Sized } from './sizing.ts';

/** Where an application's users are: regions and their share of its demand, home first. */
export type Audience = readonly { readonly region: string; readonly share: number }[];

/** What an application is made from. `times` are the measured service times that `work: {from: nezha}` draws from. */
export interface Recipe {
  readonly name: string;
  readonly tenant: string;
  readonly className: string;
  readonly spec: ClassSpec;
  readonly graph: CallGraph;
  readonly audience: Audience;
  readonly city: CitySpec;
  readonly times: readonly number[];
}

const between = (least: number, most: number, draw: Stream): number => least + (most - least) * draw();
const MI = 1_048_576;

/** One application as its users would write it. All draws come from `draw`, in a fixed order. */
export function applicationOf(recipe: Recipe, draw: Stream): ServiceDAG {
  const { spec, graph, city, audience } = recipe;
  const rate = between(spec.requestsPerSecond[0], spec.requestsPerSecond[1], draw);
  const visits = visitsOf(graph);
  const stages = graph.stages.map((stage) => {
    const cpuMilli = Math.max(10, Math.round(between(spec.cpu[0], spec.cpu[1], draw) * 100) * 10);
    const memory = between(quantity(spec.memory[0]), quantity(spec.memory[1]), draw);
    const work = workOf(recipe, stage.micros, cpuMilli, draw);
    const micros = (work * 1000) / (middleMips(city) * cpuMilli);
    const replicas = replicasFor(spec, rate * (visits.get(stage.name) ?? 1), micros);
    return { name: stage.name, cpuMilli, memory, work, micros, replicas };
  });
  const sized = new Map<string, Sized>(stages.map((stage) => [stage.name, stage]));
  const joins = Map.groupBy(graph.edges, ({ to }) => to);
  const messages = graph.edges.map(() =>
    Math.round(between(quantity(spec.messages[0]), quantity(spec.messages[1]), draw)),
  );
  const limit = limitOf(spec, localLatency(graph, sized, visits, spec, city, rate), draw);
  const synced = spec.maxSync !== undefined;
  return serviceDAG.parse({
    apiVersion: API_VERSION,
    kind: 'ServiceDAG',
    metadata: { name: recipe.name, namespace: recipe.tenant },
    spec: {
      class: spec.kind,
      slice: recipe.className,
      tenant: recipe.tenant,
      ingress: audience.map(({ region, share }) => ({
        region,
        requestsPerSecond: milli(rate * share),
        band: spec.band,
        payload: spec.payload,
      })),
      qos: {
        maxLatency: `${limit}us`,
        ...(synced ? { maxSync: spec.maxSync } : {}),
        minSuccess: spec.minSuccess,
      },
      microservices: stages.map(({ name, cpuMilli, memory, work, replicas }) => ({
        name,
        work: String(Math.round(work)),
        replicas: { min: replicas, max: Math.min(256, Math.ceil(replicas * spec.replicas.growth)) },
        template: {
          spec: {
            containers: [
              {
                name: 'server',
                image: `${recipe.name}/${name}:1`,
                resources: { requests: { cpu: `${cpuMilli}m`, memory: `${Math.round(memory / MI)}Mi` } },
              },
            ],
          },
        },
      })),
      edges: graph.edges.map(({ from, to, calls }, i) => ({
        from,
        to,
        payload: String(messages[i] ?? 0),
        callsPerRequest: decimal(calls),
        sync: synced && (joins.get(to)?.length ?? 0) > 1,
      })),
    },
  });
}

/** Requests/s as a quantity in thousandths. */
export const milli = (rate: number): string => `${Math.round(rate * 1000)}m`;

const decimal = (value: number): string => String(Math.round(value * 1e6) / 1e6);

/** Instructions that one visit of a stage costs. */
function workOf(
  { spec, graph, times, city }: Recipe,
  measured: number | undefined,
  cpuMilli: number,
  draw: Stream,
): number {
  const { work } = spec;
  if (work.from === 'uniform') {
    const drawn = between(quantity(work.instructions[0]), quantity(work.instructions[1]), draw);
    return work.per === 'stage' ? drawn : drawn / graph.stages.length;
  }
  const most = durationMicros(work.most);
  const usable = times.filter((micros) => micros * work.scale <= most);
  const drawn = usable[Math.floor(draw() * usable.length)] ?? most / work.scale;
  const micros = Math.min(most, (measured ?? drawn) * work.scale);
  return micros * middleMips(city) * (cpuMilli / 1000);
}

/** Limit of the latency in whole 100 microseconds. */
function limitOf({ limit }: ClassSpec, local: number, draw: Stream): number {
  const [least, most] = limit.range.map(durationMicros) as [number, number];
  const wanted = limit.slack === undefined ? between(least, most, draw) : local * limit.slack;
  return Math.round(Math.min(most, Math.max(least, wanted)) / 100) * 100;
}
