import { setTimeout as sleep } from 'node:timers/promises';
import { frontOf } from '#hack/data-plane/app.ts';
import type { App } from '#hack/data-plane/app.ts';
import { RoutingScene } from '#hack/data-plane/scene.ts';
import { send, Watcher } from '#hack/data-plane/traffic.ts';
import type { Order } from '#hack/data-plane/traffic.ts';
import { programmed } from '#hack/data-plane/weights.ts';
import { say } from '../cluster/load.ts';
import { figure, quantile } from '../report.ts';
import type { Figure } from '../report.ts';
import { splitFigures, WANTED, zeroFigure } from './counts.ts';
import { PlainRoute } from './plain-route.ts';

const RATE = 7_000;
const LOAD_CALLS = 70_000;
const STEPS = 31;
const DEATH_SECONDS = 8;

const nowMs = (): number => performance.timeOrigin + performance.now();

/** Calls through the Gateway, beside Envoys told by our discovery server, of applications whose weights the operator programs. */
export async function liveFigures(): Promise<Figure[]> {
  const scene = await RoutingScene.start('bench-routing', say);
  const figures: Figure[] = [];
  try {
    const gw: App = {
      name: 'gw',
      mechanism: 'Gateway',
      protocols: ['HTTP', 'GRPC', 'TCP'],
      callers: ['near'],
    };
    const xds: App = { name: 'xds', mechanism: 'Xds', protocols: ['HTTP', 'GRPC'], callers: ['near', 'far'] };
    await scene.add(gw, { near: WANTED });
    await scene.gateway.startEnvoy();
    await scene.add(xds, { near: { near: 35, mid: 10, far: 5 }, far: { near: 35, mid: 10, far: 5 } });
    await Promise.all([programmed(scene.cluster, gw, WANTED), programmed(scene.cluster, xds, WANTED)]);
    const http = await orderOf(scene, gw, 'HTTP');
    const viaNode = await orderOf(scene, xds, 'HTTP');
    figures.push(
      ...(await splitFigures('routing.gateway.http', http)),
      ...(await splitFigures('routing.gateway.grpc', await orderOf(scene, gw, 'GRPC'))),
      ...(await splitFigures('routing.gateway.tcp', await orderOf(scene, gw, 'TCP'))),
      ...(await splitFigures('routing.operator.xds.http', viaNode)),
      ...(await callersFigures(scene, xds)),
    );
    const plain = await PlainRoute.create(scene.cluster, gw);
    const plainOrder = { ...http, host: plain.host };
    figures.push(
      await gatewayEffect(plain, { ...plainOrder, workers: 1 }),
      ...(await operatorEffect(scene, gw, http)),
      ...(await plainSteps(plain, plainOrder)),
      ...(await steps(scene, gw, http, 'routing.gateway')),
      ...(await steps(scene, xds, viaNode, 'routing.xds')),
      ...(await death(scene, gw, http, 'routing.gateway')),
      ...(await death(scene, xds, viaNode, 'routing.xds')),
    );
  } finally {
    await scene.stop();
  }
  return figures;
}

async function orderOf(scene: RoutingScene, app: App, protocol: 'HTTP' | 'GRPC' | 'TCP'): Promise<Order> {
  const target = await scene.target(app, protocol);
  const host = `${frontOf(app, protocol)}.default.svc`;
  const order: Order = {
    target,
    host,
    workers: 16,
    protocol: protocol.toLowerCase() as 'http' | 'grpc' | 'tcp',
  };
  await send({ ...order, calls: 500 }); // connections
  return order;
}

/** Callers of two regions with opposite weights, each a proxyless client: what each sends to its own region. */
async function callersFigures(scene: RoutingScene, app: App): Promise<Figure[]> {
  await scene.plan(app, { near: { near: 45, mid: 5 }, far: { mid: 5, far: 45 } });
  await programmed(scene.cluster, app, { near: 45, mid: 10, far: 45 });
  await sleep(500);
  const target = `xds:///${frontOf(app, 'GRPC')}.default.svc:8180`;
  const shares: number[] = [];
  for (const where of ['near', 'far'] as const) {
    const order: Order = {
      protocol: 'grpc',
      target,
      bootstrap: scene.bootstrap(where),
      calls: 10_000,
      workers: 16,
    };
    const { byName, errors } = await send(order);
    say(`callers in ${where}: ${JSON.stringify(byName)}, ${errors} errors`);
    shares.push((byName[where] ?? 0) / 10_000);
  }
  const figures = [figure('routing.xds.bycaller.own.min', Math.min(...shares), 'share of 0.9', '>= 0.88', 2)];
  await scene.plan(app, { near: WANTED });
  await programmed(scene.cluster, app, WANTED);
  return figures;
}

/** From the write of an HTTPRoute (its request is sent) to the first answer of the new majority. */
async function gatewayEffect(plain: PlainRoute, order: Order): Promise<Figure> {
  await plain.weigh({ near: 1, mid: 9_999, far: 0 });
  await sleep(1_500);
  const watcher = new Watcher(order);
  await watcher.next('mid');
  const took: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const target = i % 2 === 0 ? 'near' : 'mid';
    const seen = watcher.next(target);
    const writtenMs = nowMs();
    await plain.weigh(target === 'near' ? { near: 9_999, mid: 1, far: 0 } : { near: 1, mid: 9_999, far: 0 });
    took.push((await seen) - writtenMs);
    await sleep(150);
  }
  watcher.close();
  say(`routing.gateway.effect: largest ${Math.max(...took).toFixed(1)} ms`);
  return figure('routing.gateway.effect.p50', quantile(took, 0.5), 'ms', '<= 25', STEPS);
}

/** From the write of a DeploymentPlan to the first answer of the new majority: the operator's part is in it. */
async function operatorEffect(scene: RoutingScene, app: App, order: Order): Promise<Figure[]> {
  const watcher = new Watcher({ ...order, workers: 1 });
  const took: number[] = [];
  for (let i = 0; i < 9; i++) {
    // Two steps of the plan that never pass through zero: only the time of the change is measured.
    const target = i % 2 === 0 ? 'mid' : 'near';
    await sleep(300);
    const seen = watcher.next(target);
    const writtenMs = nowMs();
    await scene.plan(app, {
      near: target === 'mid' ? { near: 2, mid: 9_990, far: 8 } : { near: 9_990, mid: 2, far: 8 },
    });
    took.push((await seen) - writtenMs);
  }
  watcher.close();
  await scene.plan(app, { near: WANTED });
  await programmed(scene.cluster, app, WANTED);
  return [figure('routing.gateway.plan.effect.p50', quantile(took.slice(1), 0.5), 'ms', '', took.length - 1)];
}

/** Plain weights through zero under load, as a user without the operator would write them. */
async function plainSteps(plain: PlainRoute, order: Order): Promise<Figure[]> {
  await plain.weigh({ near: 70, mid: 20, far: 10 });
  await sleep(1_000);
  const load = send({ ...order, calls: LOAD_CALLS, rate: RATE, workers: 32, seconds: 20 });
  let writes = 0;
  const ends = nowMs() + 9_000;
  while (nowMs() < ends) {
    await sleep(450);
    await plain.weigh(writes++ % 2 === 0 ? { near: 80, mid: 20, far: 0 } : { near: 70, mid: 20, far: 10 });
  }
  const { errors, byError } = await load;
  say(`plain steps: ${JSON.stringify(byError)}`);
  return [figure('routing.gateway.plain.steps.errors', errors, 'calls', '', LOAD_CALLS)];
}

/** Plans that take a group out and in again under load: the operator goes through weight 1. */
async function steps(scene: RoutingScene, app: App, order: Order, name: string): Promise<Figure[]> {
  const load = send({ ...order, calls: LOAD_CALLS, rate: RATE, workers: 32, seconds: 25 });
  await sleep(300);
  for (const shares of [{ near: 80, mid: 20 }, WANTED]) {
    await scene.plan(app, { near: shares });
    await programmed(scene.cluster, app, shares);
  }
  const { errors, byError, seconds, byName } = await load;
  say(`${name} steps: ${JSON.stringify(byError)} ${JSON.stringify(byName)}`);
  const calls = Object.values(byName).reduce((a, b) => a + b, errors);
  const after = await zeroAfter(scene, app, order, name);
  return [
    figure(`${name}.steps.errors`, errors, 'calls', '<= 0', calls),
    figure(`${name}.steps.rate`, calls / seconds, 'calls/s', '', 1),
    ...after,
  ];
}

async function zeroAfter(scene: RoutingScene, app: App, order: Order, name: string): Promise<Figure[]> {
  if (app.mechanism !== 'Gateway') return [];
  const without = { near: 80, mid: 20 };
  await scene.plan(app, { near: without });
  await programmed(scene.cluster, app, without);
  const zero = await zeroFigure(name, order, 'far');
  await scene.plan(app, { near: WANTED });
  await programmed(scene.cluster, app, WANTED);
  return [zero];
}

/** A replica dies under load, and its pod turns not ready: how long calls fail, and how many. */
async function death(scene: RoutingScene, app: App, order: Order, name: string): Promise<Figure[]> {
  const load = send({ ...order, calls: 1_000_000, rate: 2_000, workers: 32, seconds: DEATH_SECONDS });
  await sleep(2_000);
  const diedMs = await scene.die(app, 'http', 'far');
  const { errors, byError, lastErrorMs } = await load;
  say(`${name} death: ${JSON.stringify(byError)}`);
  await scene.revive(app, 'http', 'far');
  await programmed(scene.cluster, app, WANTED);
  const ms = errors === 0 ? 0 : Math.max(0, lastErrorMs - diedMs);
  return [
    figure(`${name}.death.leaves`, ms, 'ms', '<= 10000', 1),
    figure(`${name}.death.errors`, errors, 'calls', '', DEATH_SECONDS * 2_000),
  ];
}
