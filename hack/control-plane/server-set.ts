import type { Credentials } from './api.ts';
import { Health } from './health.ts';
import type { Reservation } from './ports.ts';
import { lastLines, ProcessGroup, type Running } from './processes.ts';
import {
  commandLine,
  files,
  healthUrl,
  serverUrl,
  type Layout,
  type PortName,
  type ServerName,
} from './servers.ts';
import { writeState, type ClusterState } from './state.ts';

const READY_TIMEOUT_MS = 90_000;

/** The servers of one cluster as processes, and the file that tells other programs about them. */
export class ServerSet {
  /** Hears of a server that ended by itself. */
  onExit: (message: string) => void = () => undefined;
  readonly #name: string;
  readonly #owner: ClusterState['owner'];
  readonly #layout: Layout;
  readonly #reservations: Readonly<Record<PortName, Reservation>>;
  readonly #health: Health;
  // Collecting garbage half as often is a tenth of the API server's work, for memory that a local cluster can spare.
  readonly #processes = new ProcessGroup({ GOGC: process.env['GOGC'] ?? '200' });
  readonly #running = new Map<ServerName, Running>();

  constructor(
    name: string,
    owner: ClusterState['owner'],
    layout: Layout,
    credentials: Credentials,
    reservations: Readonly<Record<PortName, Reservation>>,
  ) {
    this.#name = name;
    this.#owner = owner;
    this.#layout = layout;
    this.#health = new Health(credentials);
    this.#reservations = reservations;
  }

  /** Whether a server runs now. */
  runs(name: ServerName): boolean {
    return this.#running.get(name)?.alive === true;
  }

  /** The servers that run now. */
  list(): { name: ServerName; pid: number }[] {
    return [...this.#running].filter(([, { alive }]) => alive).map(([name, { pid }]) => ({ name, pid }));
  }

  /** Starts servers together; those that run already are left alone. */
  async spawn(names: readonly ServerName[]): Promise<void> {
    await Promise.all(names.filter((name) => !this.runs(name)).map((name) => this.#spawn(name)));
    await this.#save();
  }

  /** Returns when a server says that it is well. */
  async wait(name: ServerName): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`${name} was not started`);
    await this.#health.wait(running, healthUrl(name, this.#layout.ports), READY_TIMEOUT_MS);
  }

  /** Ends one server at once. */
  async kill(name: ServerName): Promise<void> {
    await this.#running.get(name)?.kill();
    this.#running.delete(name);
    await this.#save();
  }

  /** Ends all of them, for good. */
  async close(): Promise<void> {
    await Promise.all([this.#processes.close(), this.#health.close()]);
    this.#running.clear();
    await this.#save();
  }

  async #spawn(name: ServerName): Promise<void> {
    const ports: PortName[] = name === 'etcd' ? ['etcd', 'etcd-peer'] : [name];
    await Promise.all(ports.map((port) => this.#reservations[port].release()));
    const log = files.log(this.#layout.directory, name);
    const running = this.#processes.start(name, commandLine(name, this.#layout), log, ({ ended }) =>
      this.onExit(`${name} ended with ${ended}; the last lines of ${log}:\n${lastLines(log)}`),
    );
    this.#running.set(name, running);
  }

  async #save(): Promise<void> {
    const { directory, ports } = this.#layout;
    await writeState(directory, {
      name: this.#name,
      owner: this.#owner,
      server: serverUrl(ports),
      kubeconfig: files.kubeconfig(directory),
      servers: [...this.#running].map(([name, { pid, logFile: log }]) => {
        return { name, pid, port: ports[name], health: healthUrl(name, ports), log };
      }),
    });
  }
}
