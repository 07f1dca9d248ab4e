import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Test support: what an Envoy's counters say of one cluster. */
export interface Counted {
  readonly rate: number;
  readonly errors?: number;
  readonly meanMs?: number;
  readonly p99Ms?: number;
  /** Region of the callers. */
  readonly region?: string;
}

/** Test support: Prometheus's query API over real HTTP, which knows Envoy's counters by cluster, and can be told to be wrong. */
export class FakePrometheus {
  /** Queries that came. */
  readonly queries: string[] = [];
  readonly clusters = new Map<string, Counted>();
  /** What came in `authorization` last. */
  authorization: string | undefined;
  /** Whole answer in the place of a vector. */
  body: string | undefined;
  status = 200;
  mode: 'answers' | 'silent' | 'floods' = 'answers';
  /** Seconds that its clock is ahead of ours. */
  aheadSeconds = 0;
  readonly #http: Server;

  private constructor() {
    this.#http = createServer((request, answer) => {
      const chunks: Uint8Array[] = [];
      request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      request.on('end', () => {
        const query = new URLSearchParams(Buffer.concat(chunks).toString()).get('query') ?? '';
        this.queries.push(query);
        this.authorization = request.headers.authorization;
        if (this.mode === 'silent') return;
        if (this.mode === 'floods') {
          answer.writeHead(200).end(Buffer.alloc(17 * 2 ** 20, ' '));
          return;
        }
        answer.writeHead(this.status, { 'content-type': 'application/json' });
        answer.end(this.body ?? this.#vector(query));
      });
    });
  }

  /** Starts on a free port. */
  static async start(): Promise<FakePrometheus> {
    const fake = new FakePrometheus();
    await new Promise<void>((resolve) => fake.#http.listen(0, '127.0.0.1', resolve));
    return fake;
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

  #vector(query: string): string {
    const now = Date.now() / 1000 + this.aheadSeconds;
    const result = [...this.clusters].flatMap(([name, counted]) => {
      const value = valueOf(query, counted);
      const region = query.includes('edgeloom_region') && counted.region !== undefined;
      const metric = { envoy_cluster_name: name, ...(region ? { edgeloom_region: counted.region } : {}) };
      return value === undefined ? [] : [{ metric, value: [now, String(value)] }];
    });
    return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
  }
}

function valueOf(query: string, { rate, errors = 0, meanMs, p99Ms }: Counted): number | undefined {
  if (!query.includes('envoy_cluster_')) return undefined;
  if (query.includes('upstream_rq_xx')) return errors;
  if (query.startsWith('histogram_quantile(0.5')) return meanMs;
  if (query.startsWith('histogram_quantile')) return p99Ms ?? meanMs;
  return query.includes('_time_sum') ? (rate === 0 ? NaN : meanMs) : rate;
}
