import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { until } from '#hack/demo/observe.ts';
import type { PartName, Parts } from '#hack/parts.ts';
import { chain } from '../../e2e/edgeloom.ts';
import { figure } from '../report.ts';
import type { Figure } from '../report.ts';
import { WAIT_MS, allPods, bound, post, say } from './load.ts';

const STEADY_MS = 60_000;

/** Writes by our service accounts in the audit log since a moment; Lease renewals apart, they are the heartbeat. */
async function writesSince(
  cluster: LocalCluster,
  sinceMs: number,
): Promise<{ writes: string[]; leases: number }> {
  const text = await readFile(join(cluster.directory, 'logs/audit.log'), 'utf8');
  const writes: string[] = [];
  let leases = 0;
  for (const line of text.split('\n')) {
    if (!line.includes('serviceaccount:edgeloom-system')) continue;
    const entry = JSON.parse(line) as {
      verb: string;
      requestReceivedTimestamp: string;
      requestURI: string;
      user: { username: string };
    };
    if (['get', 'list', 'watch'].includes(entry.verb) || Date.parse(entry.requestReceivedTimestamp) < sinceMs)
      continue;
    if (entry.requestURI.includes('/leases')) leases++;
    else writes.push(`${entry.verb} ${entry.requestURI}`);
  }
  return { writes, leases };
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** 50 DAGs on 200 nodes, settled: memory of the parts, and what they write in a minute. */
export async function steadyState(cluster: LocalCluster, parts: Parts): Promise<Figure[]> {
  await post(
    cluster,
    ...Array.from({ length: 50 }, (_, i) =>
      chain(`steady-${i}`, {
        services: 3,
        cpu: '100m',
        ingress: ['north', 'south', 'west'][i % 3] ?? 'north',
      }),
    ),
  );
  await until('50 DAGs are placed', WAIT_MS, async () =>
    (await allPods(cluster)).filter(bound).length === 150 ? true : undefined,
  );
  await sleep(5_000);
  const since = Date.now();
  await sleep(STEADY_MS);
  const { writes, leases } = await writesSince(cluster, since);
  for (const write of writes.slice(0, 10)) say(`steady state wrote: ${write}`);
  const megabytes: Partial<Record<PartName, number>> = {};
  for (const part of ['operator', 'agents', 'planner'] as const)
    megabytes[part] = await residentMegabytes(parts.pid(part));
  say(
    `resident: ${Object.entries(megabytes)
      .map(([part, mb]) => `${part} ${mb.toFixed(0)} MB`)
      .join(', ')}`,
  );
  const total = Object.values(megabytes).reduce((a, b) => a + b, 0);
  return [
    figure('cluster.steady.writes', writes.length, 'writes/min', '<= 0', 1),
    figure('cluster.steady.leases', leases, 'writes/min', '', 1),
    figure('cluster.memory.parts', total, 'MB', '<= 400', 1),
  ];
}
