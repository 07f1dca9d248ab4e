import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo, NONCE_BYTES, question, readPacket } from '#agents/prober/packet.ts';
import { figure, mean, median, quantile } from '../report.ts';
import type { Figure } from '../report.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/main.ts');
const NODES = 200;
const REGIONS = 10;
/** Nodes that are real prober processes, at the usual rate: their CPU time is the figure. */
const MEASURED = 2;
/** One more that asks quickly: how good estimates are is seen from many. */
const QUICK = 2;
const QUICK_RATE = 60;
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

function world(): string {
  const region = (n: number): string => `r${n % REGIONS}`;
  const nodes = Array.from({ length: NODES }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nameOf(n), labels: { 'edgeloom.dev/region': region(n) } },
    status: { addresses: [{ type: 'InternalIP', address: addressOf(n) }] },
  }));
  const regions = Array.from({ length: REGIONS }, (_, r) => ({
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'EdgeRegion',
    metadata: { name: region(r) },
    spec: {
      nodeSelector: { matchLabels: { 'edgeloom.dev/region': region(r) } },
      topology: {
        attachment: { latency: '100us', bandwidth: '10G' },
        links: [{ from: region(r), to: region(r + 1), latency: '5ms', bandwidth: '10G' }],
      },
    },
  }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...regions, ...nodes] });
}

/** The other nodes: sockets of this process that hold each answer for a while, and say for how long they really did. */
class Fleet {
  readonly held = new Map<number, number[]>();
  readonly #sockets: Socket[] = [];

  async open(): Promise<void> {
    for (let n = QUICK + 1; n < NODES; n++) {
      const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
      const held: number[] = [];
      this.held.set(n, held);
      socket.on('message', (bytes, from) => {
        if (readPacket(bytes)?.kind !== 'question') return;
        const since = performance.now();
        setTimeout(() => {
          held.push((performance.now() - since) * 1000);
          socket.send(answerTo(bytes), from.port, from.address);
        }, holdMs(n));
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

/** One-way estimates of a prober against half of what the answers were held. */
async function errors(n: number, fleet: Fleet): Promise<{ offMicros: number; within: boolean }[]> {
  const { measurements } = JSON.parse(await read(n, '/v1/measurements')) as {
    measurements: { peer: string; rttMicros: number }[];
  };
  return measurements.flatMap(({ peer, rttMicros }) => {
    const held = fleet.held.get(Number(peer.slice(1))) ?? [];
    if (held.length === 0) return [];
    const truth = median(held) / 2;
    const offMicros = Math.abs(rttMicros / 2 - truth);
    return [{ offMicros, within: offMicros <= Math.max(100, 0.1 * truth) }];
  });
}

/** What a prober costs among 200 nodes, and how good its estimates are. A minute; uses loopback addresses 127.20.0.0/16. */
export async function proberFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-prober-'));
  const file = join(folder, 'world.json');
  writeFileSync(file, world());
  const fleet = new Fleet();
  const stop = new AbortController();
  const probers = Array.from({ length: QUICK + 1 }, (_, n) => {
    const rate = n === QUICK ? ['--rate', String(QUICK_RATE)] : [];
    const where = ['--node', nameOf(n), '--address', addressOf(n), '--port', String(PORT)];
    const args = [PROGRAM, 'prober', ...where, '--probe-port', String(PROBE_PORT), ...rate, '-f', file];
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
    const found = await errors(QUICK, fleet);
    const rss =
      Number(/^process_resident_memory_bytes (\S+)/m.exec(await read(0, '/metrics'))?.[1]) / 2 ** 20;
    stop.abort();
    await asking;
    const off = found.map(({ offMicros }) => offMicros);
    const within = (100 * found.filter((one) => one.within).length) / found.length;
    return [
      figure('routing.prober.cpu', mean(shares), '% of a core', '<= 0.1', MEASURED),
      figure('routing.prober.within', within, '% of peers', '>= 95', found.length),
      figure('routing.prober.error.p95', quantile(off, 0.95), 'us', '', found.length),
      figure('routing.prober.memory', rss, 'MiB', '', 1),
    ];
  } finally {
    stop.abort();
    for (const prober of probers) prober.kill();
    fleet.close();
    rmSync(folder, { recursive: true });
  }
}
