import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const HERE = import.meta.dirname;
/** Name of the device in each namespace, as main.go gives it. */
const DEVICE = 'edge0';
const BIN = join(HERE, '../../.cache/bin');

/** Builds the forwarder from the Go file beside this one; at once when it is there. Returns its path; throws where there is no Go. */
export function ensureDelay(): string {
  const source = createHash('sha256').update(readFileSync(join(HERE, 'main.go')));
  const binary = join(BIN, `delay-${source.digest('hex').slice(0, 12)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(BIN, { recursive: true });
  const fresh = `${binary}.${process.pid}`;
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', fresh, '.'];
  const env = { ...process.env, CGO_ENABLED: '0' };
  const done = spawnSync('go', args, { cwd: HERE, encoding: 'utf8', env });
  if (done.status !== 0) throw new Error(`hack/delay cannot be built: ${done.stderr || String(done.error)}`);
  renameSync(fresh, binary);
  return binary;
}

function ip(...args: string[]): void {
  const done = spawnSync('ip', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr || String(done.error)}`);
}

/** Median of how long packets of one direction were really held, in microseconds. */
export interface Held {
  readonly packets: number;
  readonly micros: number;
}

/** Network namespaces joined by paths of known delay (hack/delay/main.go): real sockets, real routes, user-space delay. */
export class DelayedPath {
  readonly #namespaces: string[] = [];
  #forwarder: ChildProcessWithoutNullStreams | undefined;
  #answers: AsyncIterator<string> | undefined;

  private constructor() {}

  /** Why this machine cannot have one; undefined when it can. Linux, root and Go are needed. */
  static obstacle(): string | undefined {
    try {
      ensureDelay();
      const name = `edgeloom-try-${process.pid}`;
      ip('netns', 'add', name);
      ip('netns', 'del', name);
    } catch (error) {
      return error instanceof Error ? error.message.trim() : String(error);
    }
    return existsSync('/dev/net/tun') ? undefined : 'there is no /dev/net/tun';
  }

  /** A namespace for each name, with its address (all in one /24). `here`: the one whose namespace is this process's own. */
  static async open(addresses: Readonly<Record<string, string>>, here?: string): Promise<DelayedPath> {
    const path = new DelayedPath();
    try {
      const forwarder = spawn(ensureDelay(), { stdio: ['pipe', 'pipe', 'pipe'] });
      path.#forwarder = forwarder;
      path.#answers = createInterface({ input: forwarder.stdout })[Symbol.asyncIterator]();
      for (const [name, address] of Object.entries(addresses)) {
        if (name === here) await path.#say(`node ${name} /proc/${process.pid}/ns/net ${address}`);
        else await path.#add(name, address);
      }
      return path;
    } catch (error) {
      await path.close();
      throw error;
    }
  }

  /** Name of the namespace of a node, for `ip netns exec`. */
  namespace(name: string): string {
    return `edgeloom-${process.pid}-${name}`;
  }

  /** Puts another address behind a node; calls from this process's own namespace, whose address is `from`, go the way to that node. */
  async also(name: string, address: string, from: string): Promise<void> {
    ip('-n', this.namespace(name), 'addr', 'add', `${address}/32`, 'dev', DEVICE);
    ip('route', 'add', `${address}/32`, 'dev', DEVICE, 'src', from);
    await this.#say(`also ${name} ${address}`);
  }

  /** Takes an address away again. */
  async notAlso(name: string, address: string): Promise<void> {
    ip('route', 'del', `${address}/32`, 'dev', DEVICE);
    ip('-n', this.namespace(name), 'addr', 'del', `${address}/32`, 'dev', DEVICE);
    await this.#say(`gone ${name} ${address}`);
  }

  /** Delays both directions between two nodes; negative drops. */
  async delay(a: string, b: string, micros: number, backMicros = micros): Promise<void> {
    await this.#say(`delay ${a} ${b} ${micros}`);
    await this.#say(`delay ${b} ${a} ${backMicros}`);
  }

  /** How long packets were held since the last question, by `from>to`. */
  async held(): Promise<ReadonlyMap<string, Held>> {
    this.#forwarder?.stdin.write('report\n');
    const rows = new Map<string, Held>();
    for (;;) {
      const [word, from, to, packets, micros] = (await this.#answer()).split(' ');
      if (word === 'done') return rows;
      rows.set(`${from}>${to}`, { packets: Number(packets), micros: Number(micros) });
    }
  }

  /** Ends the forwarder and removes the namespaces. */
  async close(): Promise<void> {
    const forwarder = this.#forwarder;
    if (forwarder !== undefined && forwarder.exitCode === null) {
      const ended = new Promise((resolve) => forwarder.once('exit', resolve));
      forwarder.kill();
      await ended;
    }
    for (const namespace of this.#namespaces.splice(0)) ip('netns', 'del', namespace);
  }

  async #add(name: string, address: string): Promise<void> {
    const namespace = this.namespace(name);
    ip('netns', 'add', namespace);
    this.#namespaces.push(namespace);
    await this.#say(`node ${name} /run/netns/${namespace} ${address}`);
  }

  async #say(line: string): Promise<void> {
    this.#forwarder?.stdin.write(`${line}\n`);
    const answer = await this.#answer();
    if (answer !== 'ok') throw new Error(`hack/delay: ${answer}`);
  }

  async #answer(): Promise<string> {
    const next = await this.#answers?.next();
    if (next === undefined || next.done === true) throw new Error('hack/delay has ended');
    return next.value;
  }
}
