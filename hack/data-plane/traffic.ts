import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { deathWish } from '../control-plane/processes.ts';
import { TRAFFIC } from './binaries.ts';

/** Protocols of calls. */
export type Calls = 'http' | 'grpc' | 'tcp';

/** What to send, and where. */
export interface Order {
  readonly protocol?: Calls;
  /** `HOST:PORT`, or `xds:///NAME` for gRPC. */
  readonly target: string;
  /** Name that is asked for. */
  readonly host?: string;
  readonly calls?: number;
  readonly workers?: number;
  /** Calls a second; as many as go when left out. */
  readonly rate?: number;
  /** Ends after this long, however many are left. */
  readonly seconds?: number;
  /** Bootstrap of a proxyless client. */
  readonly bootstrap?: object;
}

/** What a number of calls came to. */
export interface Outcome {
  readonly byName: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly byError: Readonly<Record<string, number>>;
  /** Unix milliseconds of the last error; 0 without any. */
  readonly lastErrorMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly seconds: number;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(args: readonly string[], bootstrap?: object, within: readonly string[] = []): Child {
  const [program = TRAFFIC, ...argv] = [...deathWish(), ...within, TRAFFIC, ...args];
  const more = bootstrap === undefined ? {} : { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) };
  return spawn(program, argv, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...more } });
}

const flags = (order: Order): string[] => {
  const { protocol = 'http', target, host = '', calls = 10_000, workers = 32, rate = 0, seconds = 0 } = order;
  const values = { protocol, target, host, calls, workers, rate, for: `${seconds}s` };
  return Object.entries(values).map(([name, value]) => `-${name}=${value}`);
};

/** Sends calls from a process of its own and says who answered, and how quickly. */
export async function send(order: Order): Promise<Outcome> {
  const child = start(['load', ...flags(order)], order.bootstrap);
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`traffic load ended with ${child.exitCode}`);
  return JSON.parse(text) as Outcome;
}

/** One caller who calls again and again, and notes when somebody else answers. */
export class Watcher {
  readonly #child: Child;
  readonly #lines: Interface;

  constructor(order: Order) {
    this.#child = start(['watch', ...flags(order)], order.bootstrap);
    this.#lines = createInterface(this.#child.stdout);
  }

  /** Unix milliseconds at which `name` answers next after somebody else. */
  async next(name: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} does not answer within 10 s`)), 10_000);
      const hear = (line: string): void => {
        const [who, at] = line.split(' ');
        if (who !== name) return;
        clearTimeout(timer);
        this.#lines.off('line', hear);
        resolve(Number(at) / 1000);
      };
      this.#lines.on('line', hear);
    });
  }

  /** Ends it. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Servers that play replicas, all in one process: each answers with its name. */
export class Replicas {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  /** `within`: a command that runs another one elsewhere, in a network namespace for one. */
  constructor(within: readonly string[] = []) {
    this.#child = start(['serve'], undefined, within);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** A replica on an address of its own, `HOST:PORT`. */
  open(name: string, protocol: Calls, address: string): Promise<void> {
    return this.#say(`open ${name} ${protocol} ${address}`);
  }

  /** It dies: connections are refused and broken. */
  kill(address: string): Promise<void> {
    return this.#say(`close ${address}`);
  }

  /** Ends them. */
  close(): void {
    this.#child.kill('SIGKILL');
  }

  async #say(command: string): Promise<void> {
    this.#child.stdin.write(`${command}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true || value !== 'done') throw new Error(`traffic serve: ${command}: ${String(value)}`);
  }
}
