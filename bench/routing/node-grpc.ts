import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { bytes, ECHO } from '#hack/data-plane/echo-service.ts';
import { chiSquare } from '#hack/data-plane/load.ts';
import { figure, quantile } from '../report.ts';
import type { Figure } from '../report.ts';
import { WANTED } from './counts.ts';

const CALLS = 10_000;
const RUNS = 10;
const AT_A_TIME = 50;
const STEPS = 31;

/** A proxyless gRPC client in this process (grpc-js-xds): ten runs of 10,000 calls, and from a push to its effect. */
export async function nodeGrpcFigures(
  bootstrap: object,
  target: string,
  offer: (near: number, mid: number, far: number) => void,
): Promise<Figure[]> {
  offer(7_000, 2_000, 1_000);
  process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify(bootstrap);
  const { register } = await import('@grpc/grpc-js-xds');
  register();
  const Echo = makeGenericClientConstructor(ECHO, 'echo.Echo');
  const client = new Echo(target, credentials.createInsecure());
  let errors = 0;
  const call = (): Promise<string> =>
    new Promise((resolve) => {
      const done = (error: Error | null, value?: Buffer): void => {
        if (error !== null) errors++;
        resolve(error === null ? String(value) : 'error');
      };
      client.makeUnaryRequest('/echo.Echo/Say', bytes, bytes, Buffer.alloc(0), done);
    });
  const count = async (): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    for (let i = 0; i < CALLS; i += AT_A_TIME)
      for (const name of await Promise.all(Array.from({ length: AT_A_TIME }, call)))
        counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };
  let sum = 0;
  for (let run = 0; run < RUNS; run++) sum += chiSquare(await count(), new Map(Object.entries(WANTED)));
  const took: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const name = i % 2 === 0 ? 'near' : 'mid';
    const since = performance.now();
    if (name === 'near') offer(9_999, 1, 0);
    else offer(1, 9_999, 0);
    while ((await call()) !== name && performance.now() - since < 10_000);
    took.push(performance.now() - since);
    await sleep(20);
  }
  offer(7_500, 2_500, 0);
  await sleep(200);
  const zero = (await count()).get('far') ?? 0;
  client.close();
  return [
    figure('routing.xds.grpc.node.chi2.sum', sum, 'chi2(20)', '<= 45.3', RUNS),
    figure('routing.xds.grpc.node.errors', errors, 'calls', '<= 0', RUNS * CALLS),
    figure('routing.xds.grpc.node.zero', zero, 'calls', '<= 0', CALLS),
    figure('routing.xds.grpc.node.effect.p50', quantile(took, 0.5), 'ms', '<= 10', STEPS),
  ];
}
