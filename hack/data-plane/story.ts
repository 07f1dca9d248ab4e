import { until } from '../demo/observe.ts';
import { frontOf, REGIONS } from './app.ts';
import type { App } from './app.ts';
import { chiSquare } from './load.ts';
import { RoutingScene } from './scene.ts';
import { send } from './traffic.ts';
import type { Order, Outcome } from './traffic.ts';
import { decided, measuredLinks } from './weights.ts';
import { Ways } from './ways.ts';

/** Requests a second that enter near: what the ServiceDAG declares, and what is sent. */
const RATE = 720;
/** What the links take one way, milliseconds: as declared, and once the far one has grown slow. */
const TAKES = { mid: 4, far: 6 };
const SLOW = 60;
/** How long calls go on while Edgeloom notices and shifts them, seconds. */
const MEANWHILE_S = 12;

/** One measurement: where calls went by Envoy's own counters, and how quickly they were answered. */
export interface Measured {
  readonly mechanism: App['mechanism'];
  readonly phase: 'as decided' | 'far grows slow' | 'decided anew';
  /** Shares that Edgeloom wanted, in parts per million, and calls that Envoy counted, by region. */
  readonly wanted: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly chi2: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** From the moment the way grew slow until other weights were programmed and had settled, and the errors of calls meanwhile. */
export interface Shift {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
}

/** What the story came to; shifts by mechanism. */
export interface Told {
  readonly rows: readonly Measured[];
  readonly shifts: Readonly<Record<string, Shift>>;
}

type Shares = ReadonlyMap<string, number>;

const percent = (shares: Shares): string =>
  REGIONS.map((name) => Math.round((shares.get(name) ?? 0) / 10_000)).join('/');

/**
 * Two applications, one after the other, whose calls Envoy Gateway and a node's own Envoy split. Edgeloom places them and decides the
 * shares; the way to far grows slow, the probers notice, and Edgeloom decides anew. Runs inside namespaces.
 */
export async function tellStory(calls: number, say: (text: string) => void): Promise<Told> {
  const ways = await Ways.open(TAKES);
  try {
    const scene = await RoutingScene.start('routing-demo', say, ways);
    try {
      const rows: Measured[] = [];
      const shifts: Record<string, Shift> = {};
      for (const mechanism of ['Gateway', 'Xds'] as const) {
        const app: App = {
          name: mechanism.toLowerCase(),
          mechanism,
          protocols: ['HTTP'],
          callers: ['near'],
          requestsPerSecond: RATE,
        };
        await scene.add(app);
        if (mechanism === 'Gateway') await scene.gateway.startEnvoy();
        const { rows: more, shift } = await tellOf(scene, ways, app, calls, say);
        rows.push(...more);
        shifts[mechanism] = shift;
        await scene.remove(app);
      }
      return { rows, shifts };
    } finally {
      await scene.stop();
    }
  } finally {
    await ways.close();
  }
}

async function tellOf(
  scene: RoutingScene,
  ways: Ways,
  app: App,
  calls: number,
  say: (text: string) => void,
): Promise<{ rows: Measured[]; shift: Shift }> {
  await ways.takes('far', TAKES.far);
  await linkToFar(scene, (ms) => ms < 2 * TAKES.far);
  const first = await decided(scene.cluster, app, (shares) => shares.size === REGIONS.length);
  const order: Order = {
    target: await scene.target(app, 'HTTP'),
    host: `${frontOf(app, 'HTTP')}.default.svc`,
    workers: 64,
    rate: RATE,
  };
  say(
    `${app.mechanism}: ${order.host} leads to ${order.target}, a stock Envoy; decided: ${percent(first)} to ${REGIONS.join('/')}`,
  );
  sayErrors(app, 'warming up', await send({ ...order, calls: 500 }), say);
  const before = await measure(scene, app, { ...order, calls }, { phase: 'as decided', wanted: first }, say);
  const sinceMs = performance.now();
  await ways.takes('far', SLOW);
  // In the second before anybody has noticed.
  const slow = await measure(
    scene,
    app,
    { ...order, calls: RATE },
    { phase: 'far grows slow', wanted: first },
    say,
  );
  const meanwhile = send({ ...order, calls: MEANWHILE_S * RATE });
  // The first look after the change saw a part of it: what is decided by that is not yet the answer.
  const ms = await linkToFar(scene, (now) => now > 0.8 * SLOW);
  const second = await decided(
    scene.cluster,
    app,
    (shares) => (shares.get('far') ?? 0) < (first.get('far') ?? 0) / 2,
  );
  const seconds = (performance.now() - sinceMs) / 1000;
  const outcome = await meanwhile;
  sayErrors(app, 'while the calls shift', outcome, say);
  say(
    `${app.mechanism}: measured near → far ${ms.toFixed(1)} ms; decided: ${percent(second)}, in force ${seconds.toFixed(1)} s after the way grew slow`,
  );
  const anew = await measure(scene, app, { ...order, calls }, { phase: 'decided anew', wanted: second }, say);
  return {
    rows: [before, slow, anew],
    shift: { seconds, calls: MEANWHILE_S * RATE, errors: outcome.errors },
  };
}

/** Says what errors calls met, if any. */
function sayErrors(
  { mechanism }: App,
  when: string,
  { byError }: Outcome,
  say: (text: string) => void,
): void {
  for (const [error, count] of Object.entries(byError)) say(`${mechanism}, ${when}: ${count} x ${error}`);
}

/** Sends calls, and compares what Envoy counted with what was wanted. */
async function measure(
  scene: RoutingScene,
  app: App,
  order: Order,
  { phase, wanted }: { readonly phase: Measured['phase']; readonly wanted: Shares },
  say: (text: string) => void,
): Promise<Measured> {
  const before = await scene.counted(app);
  const outcome = await send(order);
  sayErrors(app, phase, outcome, say);
  const { errors, p50Ms, p95Ms } = outcome;
  const after = await scene.counted(app);
  const byRegion = (of: (name: string) => number): Record<string, number> =>
    Object.fromEntries(REGIONS.map((name) => [name, of(name)]));
  // A counter goes with its cluster.
  const counted = byRegion((name) => Math.max(0, (after.get(name) ?? 0) - (before.get(name) ?? 0)));
  return {
    mechanism: app.mechanism,
    phase,
    wanted: byRegion((name) => wanted.get(name) ?? 0),
    counted,
    errors,
    chi2: chiSquare(new Map(Object.entries(counted)), wanted),
    p50Ms,
    p95Ms,
  };
}

/** Resolves with what the operator says the link from near to far takes, milliseconds, once that holds. */
function linkToFar(scene: RoutingScene, holds: (ms: number) => boolean): Promise<number> {
  let last: number | undefined;
  return until(
    'the link to far is measured',
    60_000,
    async () => {
      const micros = (await measuredLinks(scene.cluster)).get('far');
      last = micros === undefined ? undefined : micros / 1000;
      return last !== undefined && holds(last) ? last : undefined;
    },
    () => `last seen ${last} ms`,
  );
}
