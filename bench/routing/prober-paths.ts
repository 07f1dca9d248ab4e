import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessGroup } from '#hack/control-plane/processes.ts';
import { DelayedPath } from '#hack/delay/delayed-path.ts';
import { say } from '../cluster/load.ts';
import { figure, quantile } from '../report.ts';
import type { Figure } from '../report.ts';
import { probedWorld } from './probed-world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/main.ts');
const NODES = 8;
const PORT = 8084;
const RATE = 25;
/** Starting eight processes, and some looks at every peer. */
const LOOK_MS = 40_000;

const names = Array.from({ length: NODES }, (_, n) => `n${n}`);
const addressOf = (n: number): string => `10.99.9.${n + 1}`;
/** One-way delays of the 28 pairs: 0.3 to 33 ms. */
const delayMicros = (pair: number): number => Math.round(300 * 1.19 ** pair);

interface Row {
  readonly peer: string;
  readonly rttMicros: number;
}

/**
 * How good estimates are: a real prober in each of eight network namespaces, all ways between them held by a forwarder that says for
 * how long it really held. No figure where the machine has no namespaces.
 */
export async function proberPathFigures(): Promise<Figure[]> {
  const obstacle = DelayedPath.obstacle();
  if (obstacle !== undefined) {
    say(`estimates on paths of known delay are not measured here: ${obstacle}`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-paths-'));
  const file = join(folder, 'world.json');
  writeFileSync(file, probedWorld(NODES, 2, addressOf));
  const path = await DelayedPath.open(Object.fromEntries(names.map((name, n) => [name, addressOf(n)])));
  const group = new ProcessGroup();
  try {
    let pair = 0;
    for (const [a, one] of names.entries())
      for (const other of names.slice(a + 1)) await path.delay(one, other, delayMicros(pair++));
    for (const [n, name] of names.entries()) {
      const what = [process.execPath, PROGRAM, 'prober', '--node', name, '--address', addressOf(n)];
      const how = ['--port', String(PORT), '--probe-port', '8085', '--rate', String(RATE), '-f', file];
      const within = ['/usr/bin/env', 'ip', 'netns', 'exec', path.namespace(name)];
      group.start(name, [...within, ...what, ...how], join(folder, `${name}.log`));
    }
    await sleep(LOOK_MS);
    return figures(await offBy(path));
  } finally {
    await group.close();
    await path.close();
    rmSync(folder, { recursive: true });
  }
}

/** Each prober's one-way estimates beside the mean of what both directions were held, microseconds. */
async function offBy(path: DelayedPath): Promise<{ off: number; truth: number }[]> {
  const held = await path.held();
  const rows = names.flatMap((name, n) => {
    return measured(path, name, addressOf(n)).map(({ peer, rttMicros }) => {
      const way = (key: string): number => held.get(key)?.micros ?? NaN;
      const truth = (way(`${name}>${peer}`) + way(`${peer}>${name}`)) / 2;
      return { off: Math.abs(rttMicros / 2 - truth), truth };
    });
  });
  if (rows.length < NODES * (NODES - 1))
    say(`only ${rows.length} of ${NODES * (NODES - 1)} ways were measured in ${LOOK_MS / 1000} s`);
  return rows;
}

/** What the prober of a node has measured; it only listens in its namespace. */
function measured(path: DelayedPath, name: string, address: string): readonly Row[] {
  const script = `fetch('http://${address}:${PORT}/v1/measurements').then((r) => r.text()).then(console.log)`;
  const { stdout, stderr, status } = spawnSync(
    'ip',
    ['netns', 'exec', path.namespace(name), process.execPath, '-e', script],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the prober of ${name} does not answer: ${stderr}`);
  return (JSON.parse(stdout) as { measurements: readonly Row[] }).measurements;
}

function figures(rows: readonly { off: number; truth: number }[]): Figure[] {
  const within = rows.filter(({ off, truth }) => off <= Math.max(100, 0.1 * truth)).length;
  const all = NODES * (NODES - 1);
  return [
    figure('routing.prober.within', (100 * within) / all, '% of ways', '>= 95', all),
    figure('routing.prober.error.p95', quantile(rows.map(({ off }) => off), 0.95), 'us', '', rows.length), // prettier-ignore
  ];
}
