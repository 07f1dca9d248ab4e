import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeNode } from '#crds/node.ts';
import { LABELS } from '#crds/meta.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';

/** Test support: one question that came. */
export interface Asked {
  readonly dag: string;
  readonly keep: boolean;
  readonly moves: number;
  readonly replicas: Readonly<Record<string, number>>;
  readonly ranks: number;
  readonly objects: Objects;
}

/**
 * Test support: a planner behind HTTP that puts each replica on the first ready node with a free CPU, by what the world
 * says is taken. It answers `infeasible` when there is none, and can be told to be away or wrong.
 */
export class FakePlanner {
  readonly asked: Asked[] = [];
  /** What came in `authorization` with each question. */
  readonly callers: (string | undefined)[] = [];
  /** Outcomes that were told, with what came in `authorization`. */
  readonly traces: { readonly body: Record<string, unknown>; readonly authorization: string | undefined }[] =
    [];
  /** Status of the answer to a trace. */
  tracesStatus = 202;
  mode: 'plan' | 'down' | 'silent' | 'garbage' | 'flood' = 'plan';
  /** Milliseconds before each answer. */
  delayMs = 0;
  readonly #http: Server;

  private constructor() {
    this.#http = createServer((request, answer) => {
      const chunks: Uint8Array[] = [];
      request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/traces') {
          const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
          this.traces.push({ body, authorization: request.headers.authorization });
          const said = { stored: this.tracesStatus === 202, id: 'f'.repeat(64) };
          answer.writeHead(this.tracesStatus).end(JSON.stringify(said));
          return;
        }
        const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
        this.asked.push(asked);
        this.callers.push(request.headers.authorization);
        if (this.mode === 'silent') return;
        if (this.mode === 'flood') {
          answer.writeHead(200).end(Buffer.alloc(33 * 2 ** 20, ' '));
          return;
        }
        if (this.mode === 'down') {
          answer.writeHead(503).end('{"error":"away"}');
          return;
        }
        const body = this.mode === 'garbage' ? '{"plan":"yes"}' : JSON.stringify(planned(asked));
        setTimeout(
          () => answer.writeHead(200, { 'content-type': 'application/json' }).end(body),
          this.delayMs,
        );
      });
    });
  }

  /** Starts on a free port. */
  static async start(): Promise<FakePlanner> {
    const planner = new FakePlanner();
    await new Promise<void>((resolve) => planner.#http.listen(0, '127.0.0.1', resolve));
    return planner;
  }

  /** Where it answers. */
  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

function planned({ dag: key, objects, replicas: counts }: Asked): object {
  const snapshot = snapshotOf(objects);
  const dag = objects.dags.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key);
  const cpu = snapshot.resources.indexOf('cpu');
  const room = snapshot.hosts.map((_, h) => snapshot.allocatable[h * snapshot.resources.length + cpu] ?? 0);
  for (const claim of snapshot.claims)
    if (claim.owner !== `ServiceDAG ${key}`)
      for (const { host, amounts } of claim.hosts) room[host] = (room[host] ?? 0) - (amounts[cpu] ?? 0);
  const assignments: object[] = [];
  const violations: object[] = [];
  for (const { name, replicas } of dag?.spec.microservices ?? []) {
    for (let replica = 0; replica < (counts[name] ?? replicas.min); replica++) {
      const h = snapshot.hosts.findIndex((host, i) => host.ready && (room[i] ?? 0) >= 1000);
      const host = snapshot.hosts[h];
      if (host === undefined) {
        const message = `no node has 1 cpu free for ${name}`;
        violations.push({ constraint: 'node.cpu', message, object: key, hard: true });
        continue;
      }
      room[h] = (room[h] ?? 0) - 1000;
      const ranked = [{ node: host.name, sharePpm: 1_000_000 }];
      const region = regionOf(objects.nodes, host.name);
      assignments.push({
        microservice: name,
        replica,
        region,
        node: host.name,
        binding: 'cpu 25.0 %',
        ranked,
      });
    }
  }
  const feasible = violations.length === 0;
  const predicted = { latencyMicros: 9_000, worstLatencyMicros: 9_500, jitterMicros: 10, syncMicros: 0 };
  return {
    dag: key,
    feasible,
    source: 'Search',
    method: 'fake',
    assignments: feasible ? assignments : [],
    routes: [],
    ingress: [],
    predicted: { ...predicted, successPpm: 999_000, criticalPath: ['front', 'back'] },
    violations,
    alternatives: [{ source: 'Search', method: 'other', feasible: true, latencyMicros: 9_900 }],
    provenance: { candidates: 1, feasibleBeforeRepair: 1, repaired: 0 },
    elapsedMicros: 10,
  };
}

const regionOf = (nodes: readonly KubeNode[], name: string): string =>
  nodes.find((node) => node.metadata.name === name)?.metadata.labels?.[LABELS.region] ?? '';
