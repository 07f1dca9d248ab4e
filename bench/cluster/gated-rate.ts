import { setTimeout as sleep } from 'node:timers/promises';
import type { KubePod } from '#crds/node.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { kubectl } from '#hack/parts.ts';
import type { Parts } from '#hack/parts.ts';
import { chain } from '../../e2e/edgeloom.ts';
import { figure, median } from '../report.ts';
import type { Figure } from '../report.ts';
import { WAIT_MS, bound, gated, post, say } from './load.ts';
import type { Load } from './load.ts';
import { platformRate } from './platform-rate.ts';
import { PodWatch } from './pod-watch.ts';

const GATED_RUNS = 5;

/** The load of the goal, and one with five times the Deployments. */
export const LOADS: readonly Load[] = [
  { figure: 'cluster.gated', goal: '>= 100', dags: 4, services: 5, replicas: 10 },
  { figure: 'cluster.gated.deployments100', goal: '', dags: 10, services: 10, replicas: 2 },
];

/**
 * 200 pods wait behind their gates while the agents are suspended; then they go on: pods per second from the first decision to
 * the last binding. The controller manager's writes for each Deployment and Service run beside it, hence the two loads. After each
 * run comes one of the platform alone: the ratio says what of the time is ours, however busy the machine is.
 */
export async function gatedRate(cluster: LocalCluster, parts: Parts, load: Load): Promise<Figure[]> {
  const { dags, services, replicas } = load;
  const rates: number[] = [];
  const ratios: number[] = [];
  const watch = await PodWatch.open(cluster);
  const count = (pods: readonly KubePod[], test: (pod: KubePod) => boolean): boolean =>
    pods.filter(test).length === 200;
  for (let run = 0; run < GATED_RUNS; run++) {
    process.kill(parts.pid('agents'), 'SIGSTOP');
    const home = (i: number): string => ['north', 'south', 'west'][i % 3] ?? 'north';
    const options = (i: number) => ({ services, replicas, cpu: '200m', ingress: home(i) });
    await post(cluster, ...Array.from({ length: dags }, (_, i) => chain(`gated-${i}`, options(i))));
    await watch.until('200 pods wait', WAIT_MS, (pods) => count(pods, gated));
    await sleep(1_000);
    process.kill(parts.pid('agents'), 'SIGCONT');
    await watch.until('a pod is decided', WAIT_MS, (pods) => pods.some((pod) => !gated(pod)));
    const from = performance.now();
    await watch.until('200 pods are bound', WAIT_MS, (pods) => count(pods, bound));
    const rate = 200_000 / (performance.now() - from);
    kubectl(cluster, 'delete', 'sdag', '--all', '--wait=true', '--timeout=60s');
    await watch.until('they are gone', WAIT_MS, (pods) => pods.length === 0);
    const platform = await platformRate(cluster, load);
    rates.push(rate);
    ratios.push(rate / platform);
    const of = `200 gated pods of ${dags * services} Deployments on 200 nodes`;
    say(`${of}: ${rate.toFixed(0)} pods/s; the platform alone ${platform.toFixed(0)}`);
  }
  await watch.close();
  return [
    figure(`${load.figure}.rate.p50`, median(rates), 'pods/s', load.goal, GATED_RUNS),
    figure(`${load.figure}.ofPlatform.p50`, 100 * median(ratios), '%', '', GATED_RUNS),
  ];
}
