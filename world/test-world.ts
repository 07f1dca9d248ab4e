import { parseText } from '#crds/parse.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { instanceOf } from './instance.ts';
import type { Instance } from './instance.ts';
import { judge } from './judge.ts';
import type { Judgement } from './judge.ts';
import { snapshotOf } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** Worlds for tests, in few words. Every object goes through the parser, so defaults and refusals are the real ones. */

/** A Kubernetes object as plain data. */
export type Item = Readonly<Record<string, unknown>>;

/** What a test says of a node; the rest is plain: region `r`, 4 CPU, 1000 mips per CPU. */
interface NodeFacts {
  readonly region?: string | null;
  readonly cpu?: string;
  readonly mips?: number;
  readonly labels?: Record<string, string>;
  readonly slices?: string;
  readonly spec?: Item;
  readonly status?: Item;
  readonly allocatable?: Record<string, string>;
}

/** A node; with 1000 mips per CPU, 1M of work takes 1 ms on one CPU. */
export const node = (name: string, facts: NodeFacts = {}): Item => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: {
      ...(facts.region === null ? {} : { 'edgeloom.dev/region': facts.region ?? 'r' }),
      'kubernetes.io/hostname': name,
      ...facts.labels,
    },
    annotations: {
      'edgeloom.dev/mips-per-cpu': String(facts.mips ?? 1000),
      ...(facts.slices === undefined ? {} : { 'edgeloom.dev/slices': facts.slices }),
    },
  },
  ...(facts.spec === undefined ? {} : { spec: facts.spec }),
  status: {
    allocatable: { cpu: facts.cpu ?? '4', memory: '8Gi', pods: '110', ...facts.allocatable },
    ...facts.status,
  },
});

/** A link as in `topology.links`. */
export interface LinkFacts {
  readonly from: string;
  readonly to: string;
  readonly latency: string;
  readonly bandwidth: string;
  readonly jitter?: string;
  readonly success?: string;
  readonly slices?: readonly string[];
  readonly oneWay?: boolean;
}

/** What a test says of a region; the rest is plain: nodes labelled with its name, no links. */
interface RegionFacts {
  readonly links?: readonly LinkFacts[];
  readonly attachment?: { readonly latency: string; readonly bandwidth: string };
  readonly waypoints?: readonly string[];
  readonly bands?: readonly Item[];
  readonly selector?: Record<string, string>;
}

/** A region. */
export const region = (name: string, facts: RegionFacts = {}): Item => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'EdgeRegion',
  metadata: { name },
  spec: {
    nodeSelector: { matchLabels: facts.selector ?? { 'edgeloom.dev/region': name } },
    topology: {
      ...(facts.attachment === undefined ? {} : { attachment: facts.attachment }),
      links: facts.links ?? [],
      waypoints: facts.waypoints ?? [],
    },
    radio: { bands: facts.bands ?? [] },
  },
});

/** What a test says of a microservice; the rest is plain: 1 CPU, no work. */
interface ServiceFacts {
  readonly work?: string;
  readonly cpu?: string;
  readonly replicas?: number;
  readonly max?: number;
  readonly requests?: Record<string, string>;
  readonly pod?: Item;
}

/** A microservice. */
export const service = (name: string, facts: ServiceFacts = {}): Item => ({
  name,
  ...(facts.work === undefined ? {} : { work: facts.work }),
  replicas: { min: facts.replicas ?? 1, ...(facts.max === undefined ? {} : { max: facts.max }) },
  template: {
    spec: {
      containers: [{ name: 'c', resources: { requests: { cpu: facts.cpu ?? '1', ...facts.requests } } }],
      ...facts.pod,
    },
  },
});

/** A ServiceDAG `default/NAME`; a string among the microservices is a plain one of that name. */
export const dag = (name: string, spec: Item & { microservices: readonly (Item | string)[] }): Item => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'ServiceDAG',
  metadata: { name },
  spec: { ...spec, microservices: spec.microservices.map((m) => (typeof m === 'string' ? service(m) : m)) },
});

/** The world of some objects, and its DAGs in order. */
export function worldOf(items: readonly Item[]): { snapshot: Snapshot; dags: readonly ServiceDAG[] } {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const parsed = parseText(text, 'test');
  const { nodes, edgeRegions: regions, serviceDAGs: dags, pods, deploymentPlans: plans } = parsed;
  return { snapshot: snapshotOf({ nodes, regions, dags, pods, plans, nowMs: 0 }), dags };
}

/** The first DAG of some objects against their world. */
export function given(items: readonly Item[]): Instance {
  const { snapshot, dags } = worldOf(items);
  const [first] = dags;
  if (first === undefined) throw new Error('no ServiceDAG among the objects');
  return instanceOf(snapshot, first);
}

/** Nodes by name as an assignment: one name, or one for each replica. */
export function placed(instance: Instance, where: Record<string, string | readonly string[]>): Int32Array {
  const assign = new Int32Array(instance.tasks);
  for (const { name, firstTask, replicas } of instance.services) {
    for (let r = 0; r < replicas; r++) {
      const at = where[name];
      const wanted = typeof at === 'string' ? at : at?.[r];
      const host = instance.snapshot.hosts.findIndex((h) => h.name === wanted);
      if (host < 0) throw new Error(`no host "${wanted}" for ${name}/${r}`);
      assign[firstTask + r] = host;
    }
  }
  return assign;
}

/** What the world model says of the first DAG when its replicas stand there. */
export const judged = (
  items: readonly Item[],
  where: Record<string, string | readonly string[]>,
): Judgement => {
  const instance = given(items);
  return judge(instance, placed(instance, where));
};
