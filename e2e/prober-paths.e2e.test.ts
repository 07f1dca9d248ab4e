import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessGroup } from '#hack/control-plane/processes.ts';
import { DelayedPath } from '#hack/delay/delayed-path.ts';
import { until } from '#hack/demo/observe.ts';
import { node, region } from './edgeloom.ts';

const PROGRAM = join(import.meta.dirname, '../bin/main.ts');
const PORT = 8084;
const WITHIN = ['/usr/bin/env', 'ip', 'netns', 'exec'];

interface Row {
  readonly peer: string;
  readonly rttMicros: number;
  readonly looks: number;
  readonly ageMs: number;
}

/** A world of regions east and west whose nodes have addresses. */
const worldOf = (addresses: Readonly<Record<string, string>>): string => {
  const nodes = Object.entries(addresses).map(([name, address]) => {
    const { metadata, status } = node(name, name.split('-')[0] ?? '');
    const addresses = [{ type: 'InternalIP', address }];
    return { apiVersion: 'v1', kind: 'Node', metadata, status: { ...status, addresses } };
  });
  const items = [region('east', 'west'), region('west'), ...nodes];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
};

describe('probers on paths of known delay', () => {
  let folder = '';
  const group = new ProcessGroup();
  const obstacle = DelayedPath.obstacle();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgeloom-paths-'));
  });
  after(async () => {
    await group.close();
    await rm(folder, { recursive: true });
  });

  /** Starts a prober of every node, in a namespace of its own where there are any. */
  const probe = async (addresses: Readonly<Record<string, string>>, path?: DelayedPath): Promise<void> => {
    const file = join(folder, 'world.json');
    await writeFile(file, worldOf(addresses));
    for (const [name, address] of Object.entries(addresses)) {
      const within = path === undefined ? [] : [...WITHIN, path.namespace(name)];
      const what = [process.execPath, PROGRAM, 'prober', '--node', name, '--address', address];
      const how = ['--port', String(PORT), '--probe-port', '8085', '--rate', '25', '-f', file];
      group.start(name, [...within, ...what, ...how], join(folder, `${name}.log`));
    }
  };
  /** What a prober has measured, by peer; undefined while it does not answer. */
  const ask = (name: string, address: string, path?: DelayedPath): ReadonlyMap<string, Row> | undefined => {
    const script = `fetch('http://${address}:${PORT}/v1/measurements').then((r) => r.text()).then((t) => process.stdout.write(t))`;
    const within = path === undefined ? [] : [...WITHIN, path.namespace(name)];
    const done = spawnSync('/usr/bin/env', [...within.slice(1), process.execPath, '-e', script], {
      encoding: 'utf8',
    });
    if (done.status !== 0) return undefined;
    const { measurements } = JSON.parse(done.stdout) as { measurements: Row[] };
    return new Map(measurements.map((row) => [row.peer, row]));
  };

  it('measure within 10 % or 100 us, follow a new route, and let a broken one grow old', async () => {
    if (obstacle !== undefined) {
      // Loud, and still a test: the same probers over loopback, whose truth is "next to nothing".
      process.stdout.write(
        `\n      NO NETWORK NAMESPACES HERE (${obstacle.split('\n')[0]}): over loopback only\n`,
      );
      const addresses = { 'east-1': '127.9.0.1', 'west-1': '127.9.0.2' };
      await probe(addresses);
      const rtt = await until('both are measured', 20_000, async () => ask('east-1', '127.9.0.1')?.get('west-1')?.rttMicros); // prettier-ignore
      assert.ok(rtt < 20_000, `${rtt} us over loopback`);
      return;
    }
    const addresses = { 'east-1': '10.99.7.1', 'east-2': '10.99.7.2', 'west-1': '10.99.7.3' };
    const path = await DelayedPath.open(addresses);
    try {
      await path.delay('east-1', 'east-2', 700);
      await path.delay('east-1', 'west-1', 5_000);
      // Half of a round trip is the mean of its two ways.
      await path.delay('east-2', 'west-1', 22_000, 14_000);
      await probe(addresses, path);
      let lines: string[] = [];
      await until(
        'every way is measured within 10 % or 100 us',
        45_000,
        async () => {
          await sleep(1_000);
          const held = await path.held();
          const truth = (a: string, b: string): number =>
            ((held.get(`${a}>${b}`)?.micros ?? NaN) + (held.get(`${b}>${a}`)?.micros ?? NaN)) / 2;
          const rows = Object.entries(addresses).flatMap(([name, address]) =>
            [...(ask(name, address, path)?.values() ?? [])].map((row) => {
              const [is, was] = [row.rttMicros / 2, truth(name, row.peer)];
              const said = `${name} → ${row.peer}: ${is.toFixed(0)} us, held ${was.toFixed(0)} us, ${row.looks} looks`;
              return { said, holds: row.looks >= 4 && Math.abs(is - was) <= Math.max(0.1 * was, 100) };
            }),
          );
          lines = rows.map(({ said }) => said);
          return rows.length === 6 && rows.every(({ holds }) => holds) ? true : undefined;
        },
        () => lines.join('; '),
      );
      process.stdout.write(`${lines.map((line) => `      ${line}`).join('\n')}\n`);
      await path.delay('east-1', 'west-1', 12_000);
      await until('the new route is measured', 20_000, async () => {
        const rtt = ask('east-1', addresses['east-1'], path)?.get('west-1')?.rttMicros ?? 0;
        return Math.abs(rtt / 2 - 12_000) <= 1_200 ? rtt : undefined;
      });
      await path.delay('east-1', 'west-1', -1);
      const old = await until('the broken one grows old', 20_000, async () => {
        const row = ask('east-1', addresses['east-1'], path)?.get('west-1');
        return (row?.ageMs ?? 0) > 3_000 ? row : undefined;
      });
      assert.ok(Math.abs(old.rttMicros / 2 - 12_000) <= 1_200);
    } finally {
      await group.close();
      await path.close();
    }
  });
});
