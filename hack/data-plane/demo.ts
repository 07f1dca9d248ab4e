/**
 * `make demo-routing`: an application in three regions, its calls split by Envoy Gateway, and another whose calls a stock Envoy on the
 * caller's node splits, told by our discovery server. A way grows slow, the plan shifts the calls, and the measured latency falls. Runs
 * in network and mount namespaces of its own.
 */
import { table } from '../../bin/table.ts';
import { ensureServers } from '../control-plane/build.ts';
import { gatewayApiDefinitions } from '../gateway-api/definitions.ts';
import { frontOf, REGIONS } from './app.ts';
import type { App, Shares } from './app.ts';
import { ensureDataPlane } from './binaries.ts';
import { chiSquare } from './load.ts';
import { isInside, runInside } from './namespaces.ts';
import { RoutingScene } from './scene.ts';
import { send } from './traffic.ts';
import type { Order } from './traffic.ts';

/** Requests of one measurement, and measurements of one phase. */
const REQUESTS = Number(process.env['REQUESTS'] ?? 10_000);
const RUNS = Number(process.env['RUNS'] ?? 3);
const BEFORE = { near: 70, mid: 20, far: 10 };
const AFTER = { near: 75, mid: 25 };
/** One way and back, milliseconds: the replicas wait that long, because the kernel may have no traffic shaping. */
const DELAYS = { near: 2, mid: 5, far: 8 };
const SLOW = 60;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** One row for each measurement: where calls went by Envoy's counters, and how quickly they were answered. */
async function measure(
  scene: RoutingScene,
  app: App,
  phase: string,
  wanted: Shares,
  order: Order,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (let run = 1; run <= RUNS; run++) {
    const start = await scene.counted(app);
    const { byName, errors, p50Ms, p95Ms } = await send({ ...order, calls: REQUESTS });
    const end = await scene.counted(app);
    const shares = new Map(Object.entries(wanted));
    rows.push([
      run === 1 ? app.mechanism : '',
      run === 1 ? phase : '',
      REGIONS.map((name) => wanted[name] ?? 0).join('/'),
      // A counter goes with its cluster.
      REGIONS.map((name) => Math.max(0, (end.get(name) ?? 0) - (start.get(name) ?? 0))).join('/'),
      String(errors),
      chiSquare(new Map(Object.entries(byName)), shares).toFixed(2),
      p50Ms.toFixed(1),
      p95Ms.toFixed(1),
    ]);
  }
  return rows;
}

async function tell(scene: RoutingScene, app: App): Promise<string[][]> {
  const target = await scene.target(app, 'HTTP');
  const host = `${frontOf(app, 'HTTP')}.default.svc`;
  const order: Order = { target, host, workers: 32 };
  say(`${app.mechanism}: callers of ${host} are led to ${target}, a stock Envoy`);
  await send({ ...order, calls: 500 });
  for (const name of REGIONS) await scene.replicas.delay(name, DELAYS[name]);
  const planned = await measure(scene, app, 'as planned', BEFORE, order);
  await scene.replicas.delay('far', SLOW);
  const slow = await measure(scene, app, 'way to far slow', BEFORE, order);
  const since = performance.now();
  await scene.plan(app, { near: AFTER });
  const moving = send({ ...order, calls: REQUESTS });
  await scene.programmed(app, AFTER);
  const took = seconds(since);
  const { errors } = await moving;
  const shifted = await measure(scene, app, 'calls shifted', AFTER, order);
  say(`${app.mechanism}: the shift took ${took}, through weight 1, with ${errors} errors in ${REQUESTS} requests meanwhile`); // prettier-ignore
  return [...planned, ...slow, ...shifted];
}

async function story(): Promise<void> {
  const since = performance.now();
  const scene = await RoutingScene.start('routing-demo', say);
  try {
    const apps: App[] = (['Gateway', 'Xds'] as const).map((mechanism) => ({
      name: mechanism.toLowerCase(),
      mechanism,
      protocols: ['HTTP'],
      callers: ['near'],
    }));
    for (const app of apps) await scene.add(app, { near: BEFORE });
    await scene.gateway.startEnvoy();
    for (const app of apps) await scene.programmed(app, BEFORE);
    say(`ready after ${seconds(since)}`);
    const rows: string[][] = [];
    for (const app of apps) rows.push(...(await tell(scene, app)));
    const head = ['mechanism', 'phase', 'wanted', 'counted by Envoy', 'errors', 'chi2', 'p50 ms', 'p95 ms'];
    say(table(head, rows));
    say('chi2 has 2 degrees of freedom (1 once far has no share): above 9.21 (6.63) in one run of a hundred');
  } finally {
    await scene.stop();
  }
}

if (isInside()) await story();
else {
  // There is no network inside: everything is fetched and built before.
  ensureDataPlane(say);
  gatewayApiDefinitions();
  await ensureServers(say);
  process.exitCode = runInside(import.meta.filename, [], true).code;
}
