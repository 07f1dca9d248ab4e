import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { LABELS } from '#crds/meta.ts';
import { startCluster } from '#hack/control-plane/cluster.ts';
import type { ClusterOptions } from '#hack/control-plane/cluster.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import type { NodeManifest } from '#hack/control-plane/nodes.ts';
import { conditionOf, podsOf, readDag, until } from '#hack/demo/observe.ts';
import { kubectl, startParts } from '#hack/parts.ts';
import type { Parts, PartsOptions } from '#hack/parts.ts';

const STORY_MS = 45_000;

/** A node of a region with so many cores. */
export function node(
  name: string,
  region: string,
  cpu = 4,
  more: Partial<NodeManifest['metadata']> = {},
): NodeManifest {
  const labels = { 'kubernetes.io/hostname': name, 'edgeloom.dev/region': region, ...more.labels };
  const amounts = { cpu: String(cpu), memory: '16Gi', pods: '110' };
  return {
    metadata: { name, labels, annotations: more.annotations ?? {} },
    status: { capacity: amounts, allocatable: amounts },
  };
}

/** A region whose nodes hang 200 us from its gateway, linked to `neighbour` by 1 ms. */
export function region(name: string, neighbour?: string): object {
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'EdgeRegion',
    metadata: { name },
    spec: {
      tier: 'Edge',
      nodeSelector: { matchLabels: { 'edgeloom.dev/region': name } },
      topology: {
        attachment: { latency: '200us', bandwidth: '2G' },
        ...(neighbour === undefined
          ? {}
          : { links: [{ from: name, to: neighbour, latency: '1ms', bandwidth: '10G' }] }),
      },
      radio: { bands: [{ name: 'mmWave', latency: '700us', bandwidth: '1G' }] },
    },
  };
}

/** What a story changes about its chain of services a → b → … */
export interface ChainOptions {
  readonly services?: number;
  readonly cpu?: string;
  readonly ingress?: string;
  readonly replicas?: number;
  readonly spec?: object;
}

/** A ServiceDAG that is a chain; each service asks for `cpu`. */
export function chain(
  name: string,
  { services = 3, cpu = '500m', ingress = 'east', replicas = 1, spec = {} }: ChainOptions = {},
): object {
  const names = Array.from({ length: services }, (_, i) => `s${i}`);
  return {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'ServiceDAG',
    metadata: { name, namespace: 'default' },
    spec: {
      class: 'Immersive',
      ingress: [{ region: ingress, band: 'mmWave', payload: '10Ki' }],
      qos: { maxLatency: '50ms' },
      microservices: names.map((service) => ({
        name: service,
        work: '3M',
        replicas: { min: replicas },
        template: {
          spec: {
            containers: [{ name: 'main', image: 'demo:1', resources: { requests: { cpu, memory: '64Mi' } } }],
          },
        },
      })),
      edges: names.slice(1).map((to, i) => ({ from: names[i], to, payload: '20Ki' })),
      ...spec,
    },
  };
}

/** A cluster with Edgeloom's parts beside it, and words to tell stories with. */
export class Edgeloom {
  readonly cluster: LocalCluster;
  readonly parts: Parts;

  private constructor(cluster: LocalCluster, parts: Parts) {
    this.cluster = cluster;
    this.parts = parts;
  }

  /** Starts servers, nodes, resources, roles and parts. */
  static async start(name: string, options: Omit<ClusterOptions, 'name'> & PartsOptions): Promise<Edgeloom> {
    const cluster = await startCluster({ ...options, name: `${name}-${process.pid}` });
    try {
      return new Edgeloom(cluster, await startParts(cluster, options));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.parts.stop();
    await this.cluster.stop();
  }

  /** `kubectl apply` of objects, as a user would. */
  async apply(...objects: readonly object[]): Promise<string> {
    const file = join(this.cluster.directory, `apply-${performance.now()}.yaml`);
    await writeFile(file, objects.map((o) => stringify(o)).join('---\n'));
    return kubectl(this.cluster, 'apply', '--server-side', '--force-conflicts', '-f', file);
  }

  /** `kubectl` with the administrator's rights. */
  kubectl(...args: string[]): string {
    return kubectl(this.cluster, ...args);
  }

  /** A ServiceDAG of the default namespace. */
  dag(name: string): Promise<ServiceDAG> {
    return readDag(this.cluster, 'default', name);
  }

  /** An EdgeRegion. */
  region(name: string): Promise<EdgeRegion> {
    return this.cluster.api.get<EdgeRegion>(`/apis/edgeloom.dev/v1alpha1/edgeregions/${name}`);
  }

  /** Pods of a ServiceDAG that are not being deleted. */
  pods(dag: string): Promise<KubePod[]> {
    return podsOf(this.cluster, 'default', `${LABELS.dag}=${dag}`);
  }

  /** Waits until a condition of a ServiceDAG has a status; returns its reason and message. */
  async condition(
    dag: string,
    type: string,
    status: string,
    timeoutMs = STORY_MS,
  ): Promise<{ reason: string; message: string }> {
    let last = '';
    return until(
      `${dag} has ${type}=${status}`,
      timeoutMs,
      async () => {
        const seen = conditionOf(await this.dag(dag), type);
        last = `last seen ${type}=${seen.status}/${seen.reason}: ${seen.message}; logs in ${this.cluster.directory}/logs`;
        // A condition that nobody has written yet is no answer.
        return seen.status === status && seen.reason !== 'NotYet' ? seen : undefined;
      },
      () => last,
    );
  }

  /** Deletes a ServiceDAG and waits until nothing of it is left. */
  async remove(dag: string): Promise<void> {
    kubectl(this.cluster, 'delete', 'sdag', dag, '--wait=true', '--timeout=30s');
    await until(`the pods of ${dag} are gone`, STORY_MS, async () =>
      (await this.pods(dag)).length === 0 ? true : undefined,
    );
  }
}
