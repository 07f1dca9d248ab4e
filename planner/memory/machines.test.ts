import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { dag, given, node, region } from '#world/test-world.ts';
import { hostsOfMachines } from './machines.ts';
import type { PastMachine } from './machines.ts';

const CPUS = [2, 4, 8, 32];
const world = given([
  ...['r0', 'r1'].map((name) => region(name)),
  ...Array.from({ length: 6 }, (_, i) => node(`n${i}`, { region: `r${i % 2}`, cpu: String(CPUS[i % 4]) })),
  dag('app', { microservices: ['a'] }),
]);
const machine = (over: Partial<PastMachine>): PastMachine => ({
  name: 'gone',
  region: 'r0',
  cpuMilli: 4000,
  utilisationPpm: 0,
  itself: true,
  services: [0],
  ...over,
});
const nameOf = (host: number | undefined): string | undefined => world.snapshot.hosts[host ?? -1]?.name;

describe('hosts of past machines', () => {
  it('gives each machine itself when all are there', () => {
    const all = ['n5', 'n0', 'n3'].map((name) => machine({ name }));
    assert.deepEqual([...hostsOfMachines(world, all)].map(nameOf), ['n5', 'n0', 'n3']);
  });

  it('never gives one host to two, and none when all are taken', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }), (numbers) => {
        const machines = [...new Set(numbers)].map((n) => machine({ name: `n${n}`, region: `r${n % 2}` }));
        const hosts = [...hostsOfMachines(world, machines)].filter((host) => host >= 0);
        assert.equal(new Set(hosts).size, hosts.length);
        assert.equal(hosts.length, Math.min(6, machines.length));
        // Those that are still there are worth more to themselves than to any other.
        if (machines.length <= 6)
          for (const [m, host] of hostsOfMachines(world, machines).entries())
            if (Number(machines[m]!.name.slice(1)) < 6) assert.equal(nameOf(host), machines[m]!.name);
      }),
    );
  });

  it('takes the size that is nearest in the region', () => {
    assert.deepEqual([...hostsOfMachines(world, [machine({ cpuMilli: 7000 })])].map(nameOf), ['n2']);
    assert.deepEqual([...hostsOfMachines(world, [machine({ cpuMilli: 1500 })])].map(nameOf), ['n0']);
  });

  it('is of no use to a machine whose name alone is the same', () => {
    const elsewhere = machine({ name: 'n1', region: 'r0', itself: false, cpuMilli: 2000 });
    assert.deepEqual([...hostsOfMachines(world, [elsewhere])].map(nameOf), ['n0']);
  });
});
