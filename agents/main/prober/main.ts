import { randomBytes } from 'node:crypto';
import { fastify } from 'fastify';
import { systemClock } from '#kube/clock.ts';
import type { Clock } from '#kube/clock.ts';
import { healthRoutes } from '#kube/health.ts';
import { silentLog } from '#kube/log.ts';
import type { Log } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import { WINDOW } from '../../prober/estimator.ts';
import { peersOf } from '../../prober/peers.ts';
import { Prober } from '../../prober/prober.ts';
import type { Directory } from './directory.ts';
import type { ProberMetrics } from './metrics.ts';
import { monotonicMicros, openProbeSocket } from './socket.ts';

/** How `edgeloom prober` runs. */
export interface RunProberOptions {
  /** Name of the node it runs on. */
  readonly node: string;
  /** Where it listens: the node's InternalIP, so that what it sends comes from there too. */
  readonly address: string;
  /** TCP port of /healthz, /readyz, /metrics and /v1/measurements. */
  readonly port: number;
  /** UDP port of probes, the same on every node. */
  readonly probePort: number;
  readonly probesPerSecond: number;
  readonly directory: Directory;
  readonly metrics: ProberMetrics;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly signal: AbortSignal;
  readonly onListening?: (port: number) => void;
}

/** Changes that come together are taken in together. */
const SETTLE_MS = 1_000;
/** Between the questions of one look: after 20 ms of sleep the same way takes 200 us longer on both ends together. */
const SPACING_MS = 1;

/** Probes and answers until the signal aborts. Rejects when a port cannot be had. */
export async function runProber(options: RunProberOptions): Promise<void> {
  const { node, address, directory, metrics, log = silentLog, clock = systemClock, signal } = options;
  const prober = new Prober({ random: randomBytes, hasOwn: true, count: (fate) => metrics.packet(fate) });
  const socket = await openProbeSocket({ address, port: options.probePort }, (bytes, from, atMicros) => {
    const answer = prober.hear(bytes, from, atMicros);
    if (answer !== undefined) socket.send(answer.bytes, answer.address);
  });
  const server = fastify({ logger: false, forceCloseConnections: true });
  healthRoutes(server, { registry: metrics.registry, ready: () => directory.doubt() });
  server.get('/v1/measurements', () => ({ node, measurements: prober.measurements(monotonicMicros()) }));
  let follows = false;
  const follow = (): void => {
    if (directory.doubt() !== undefined) return;
    const { first, rest, unaddressed } = peersOf(node, directory.nodes(), directory.regions(), socket.family);
    prober.follow({ first, rest, unaddressed });
    metrics.peers(first.length, rest.length, unaddressed.length);
    if (!follows) log.info({ first: first.length, sampled: rest.length, unaddressed }, 'peers are known');
    follows = true;
  };
  try {
    await server.listen({ port: options.port, host: address });
    const bound = server.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
    log.info({ port, probePort: socket.port, address, node }, 'prober listens');
    options.onListening?.(port);
    await runParts(signal, [
      ...directory.parts,
      (stop) => keepUp(directory, follow, clock, stop),
      (stop) => pace(prober, (bytes, to) => socket.send(bytes, to), options.probesPerSecond, clock, stop),
    ]);
  } finally {
    await server.close();
    await socket.close();
  }
}

/** Takes in changes of the directory, a while after the first of them. */
async function keepUp(
  directory: Directory,
  follow: () => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let bell = Promise.withResolvers<void>();
  directory.subscribe(() => bell.resolve());
  signal.addEventListener('abort', () => bell.resolve(), { once: true });
  while (!signal.aborted) {
    follow();
    // An empty list says nothing when it is in.
    if (directory.doubt() !== undefined) bell.resolve();
    await bell.promise;
    if (signal.aborted) return;
    await clock.sleep(SETTLE_MS, signal).catch(() => undefined);
    bell = Promise.withResolvers<void>();
  }
}

/** One look after the other until the signal aborts: a few questions close together, which find both ends awake, then a pause. */
async function pace(
  prober: Prober,
  send: (bytes: Buffer, address: string) => void,
  perSecond: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const pauseMs = Math.max(0, (1_000 * WINDOW) / perSecond - (WINDOW - 1) * SPACING_MS);
  while (!signal.aborted) {
    // From half to one and a half times the mean: nodes do not fall into step.
    const ms = prober.isLooking ? Math.min(SPACING_MS, 1_000 / perSecond) : pauseMs * (0.5 + clock.random());
    await clock.sleep(ms, signal).catch(() => undefined);
    if (signal.aborted) return;
    const question = prober.ask(monotonicMicros());
    if (question !== undefined) send(question.bytes, question.address);
  }
}
