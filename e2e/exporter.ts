import { createServer } from 'node:http';

/** Counters of Envoy's names over real HTTP, that grow with time: so many requests per second, each of so many milliseconds. */
export class Exporter {
  /** By name of the cluster; changes take effect at the next scrape. */
  readonly clusters = new Map<string, { rate: number; ms: number }>();
  readonly #counts = new Map<string, number>();
  #lastMs = performance.now();
  readonly #server = createServer((_request, answer) => {
    answer.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(this.#text());
  });

  /** Serves them on a port of this machine. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  /** Ends it. */
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #text(): string {
    const nowMs = performance.now();
    const lines: string[] = [];
    for (const [name, { rate, ms }] of this.clusters) {
      const count = (this.#counts.get(name) ?? 0) + (rate * (nowMs - this.#lastMs)) / 1000;
      this.#counts.set(name, count);
      const whole = Math.round(count);
      const label = `envoy_cluster_name="${name}"`;
      const time = 'envoy_cluster_upstream_rq_time';
      lines.push(`envoy_cluster_upstream_rq_total{${label}} ${whole}`);
      for (const le of [1, 5, 10, 25, 50, 100])
        lines.push(`${time}_bucket{${label},le="${le}"} ${ms <= le ? whole : 0}`);
      lines.push(`${time}_bucket{${label},le="+Inf"} ${whole}`);
      lines.push(`${time}_sum{${label}} ${whole * ms}`, `${time}_count{${label}} ${whole}`);
    }
    this.#lastMs = nowMs;
    return `${lines.join('\n')}\n`;
  }
}
