import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ProcessGroup } from '../control-plane/processes.ts';
import type { Running } from '../control-plane/processes.ts';
import { until } from '../demo/observe.ts';

/** One real Prometheus as a process of its own, with what it has scraped in a folder. */
export class PrometheusServer {
  readonly #binary: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #group = new ProcessGroup();
  #running: Running | undefined;

  /** `port` must be free. */
  constructor(binary: string, folder: string, port: number) {
    this.#binary = binary;
    this.#folder = folder;
    this.#port = port;
  }

  /** Where it answers. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts to scrape `host:port` targets under a path, and waits until it answers. What it has scraped before it was killed is there. */
  async start(targets: readonly string[], path = '/metrics', interval = '500ms'): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const config = join(this.#folder, 'prometheus.yaml');
    const global = { scrape_interval: interval, scrape_timeout: interval };
    const job = { job_name: 'calls', metrics_path: path, static_configs: [{ targets }] };
    await writeFile(config, stringify({ global, scrape_configs: [job] }));
    const flags = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(this.#folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${this.#port}`,
      '--log.level=warn',
    ];
    const log = join(this.#folder, 'prometheus.log');
    this.#running = this.#group.start('prometheus', [this.#binary, ...flags], log);
    await until('Prometheus is ready', 20_000, () => this.#isReady(), () => `see ${log}`); // prettier-ignore
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  /** Ends it for good. */
  close(): Promise<void> {
    return this.#group.close();
  }

  async #isReady(): Promise<true | undefined> {
    try {
      const answer = await fetch(`${this.url}/-/ready`, { signal: AbortSignal.timeout(1_000) });
      return answer.ok ? true : undefined;
    } catch {
      return undefined;
    }
  }
}
