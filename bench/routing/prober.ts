import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo, NONCE_BYTES, question, readPacket } from '#agents/prober/packet.ts';
import { figure, mean } from '../report.ts';
import type { Figure } from '../report.ts';
import { probedWorld } from './probed-world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/main.ts');
const NODES = 200;
const REGIONS = 10;
/** Nodes that are real prober processes, at the usual rate: their CPU time is the figure. */
const MEASURED = 2;
const PORT = 28_084;
const PROBE_PORT = 28_085;
/** Compiling and the first looks. */
const WARM_UP_MS = 12_000;
const WINDOW_MS = 45_000;
/** As often as the operator asks. */
const ASK_MS = 30_000;
/** What a prober is asked by all others together, a second. */
const ASKED_PER_SECOND = 1;

const addressOf = (n: number): string => `127.20.${n >> 7}.${(n & 127) + 1}`;
const nameOf = (n: number): string => `n${n}`;
/** One-way delay that a peer is to have; it holds answers for twice as long. */
const holdMs = (n: number): number => 1 + ((n * 7) % 40);

/** The other nodes: sockets of this process that hold each answer for a while. */
class Fleet {
  readonly #sockets: Socket[] = [];

  async open(): Promise<void> {
    for (let n = MEASURED; n < NODES; n++) {
      const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
      socket.on('message', (bytes, from) => {
        if (readPacket(bytes)?.kind !== 'question') return;
        setTimeout(() => socket.send(answerTo(bytes), from.port, from.address), holdMs(n));
      });
      await new Promise<void>((resolve) => socket.bind(PROBE_PORT, addressOf(n), resolve));
      this.#sockets.push(socket);
    }
  }

  /** Looks at the measured probers as real peers would, until the signal aborts. */
  async ask(signal: AbortSignal): Promise<void> {
    const look = 8;
    for (let turn = 0; !signal.aborted; turn++) {
      for (let n = 0; n < MEASURED; n++) {
        for (let i = 0; i < look; i++) {
          const from = this.#sockets[(turn * MEASURED + n) % this.#sockets.length];
          from?.send(question(randomBytes(NONCE_BYTES)), PROBE_PORT, addressOf(n));
          await sleep(1);
        }
      }
      await sleep((1000 * look) / ASKED_PER_SECOND, undefined, { signal }).catch(() => undefined);
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}

const read = async (n: number, path: string): Promise<string> =>
  (await fetch(`http://${addressOf(n)}:${PORT}${path}`)).text();

async function cpuSeconds(n: number): Promise<number> {
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(await read(n, '/metrics'))?.[1]);
}

async function ready(n: number): Promise<void> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await sleep(100))
    if (await read(n, '/readyz').then((text) => text === 'ok\n', () => false)) return; // prettier-ignore
  throw new Error(`the prober of ${nameOf(n)} is not ready after 20 s`);
}

/** What a prober costs among 200 nodes. A minute; uses loopback addresses 127.20.0.0/16. */
export async function proberFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-prober-'));
  const file = join(folder, 'world.json');
  writeFileSync(file, probedWorld(NODES, REGIONS, addressOf));
  const fleet = new Fleet();
  const stop = new AbortController();
  const probers = Array.from({ length: MEASURED }, (_, n) => {
    const where = ['--node', nameOf(n), '--address', addressOf(n), '--port', String(PORT)];
    const args = [PROGRAM, 'prober', ...where, '--probe-port', String(PROBE_PORT), '-f', file];
    return spawn(process.execPath, args, { stdio: 'ignore' });
  });
  try {
    await fleet.open();
    await Promise.all(probers.map((_, n) => ready(n)));
    const asking = fleet.ask(stop.signal);
    await sleep(WARM_UP_MS);
    const measured = Array.from({ length: MEASURED }, (_, n) => n);
    const before = await Promise.all(measured.map(cpuSeconds));
    const since = performance.now();
    await sleep(ASK_MS);
    await Promise.all(measured.map((n) => read(n, '/v1/measurements')));
    await sleep(WINDOW_MS - ASK_MS);
    const seconds = (performance.now() - since) / 1000;
    const after = await Promise.all(measured.map(cpuSeconds));
    const shares = measured.map((n) => (100 * ((after[n] ?? NaN) - (before[n] ?? NaN))) / seconds);
    const rss =
      Number(/^process_resident_memory_bytes (\S+)/m.exec(await read(0, '/metrics'))?.[1]) / 2 ** 20;
    stop.abort();
    await asking;
    return [
      figure('routing.prober.cpu', mean(shares), '% of a core', '<= 0.1', MEASURED),
      figure('routing.prober.memory', rss, 'MiB', '', 1),
    ];
  } finally {
    stop.abort();
    for (const prober of probers) prober.kill();
    fleet.close();
    rmSync(folder, { recursive: true });
  }
}
