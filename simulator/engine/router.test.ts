import assert from 'node:assert/strict';
import { dag, node, region, service } from '#world/test-world.ts';
import type { RouteFraction } from '../orchestrator.ts';
import { runOnce } from '../run.ts';
import type { Application, Service } from './application.ts';
import { cityOf, fateOf, fixed, placementOf, settingsOf } from './given.ts';
import { Router } from './router.ts';

/** `in` on a; `m` on b, c and c: unlike speeds tell by the latency who served. */
async function served(routes?: readonly RouteFraction[]): Promise<Map<number, number>> {
  const city = cityOf([
    node('a'),
    node('b', { mips: 1000 }),
    node('c', { mips: 500 }),
    node('e', { mips: 250 }),
    region('r', { attachment: { latency: '100us', bandwidth: '1G' } }),
    dag('d', {
      ingress: [{ region: 'r' }],
      microservices: ['in', service('m', { work: '100k', replicas: 3 })],
      edges: [{ from: 'in', to: 'm' }],
    }),
  ]);
  const placement = placementOf('d', { in: 'a', m: ['b', 'c', 'e'] });
  const counts = new Map<number, number>();
  const at = Array.from({ length: 4000 }, (_, i) => i * 2000);
  await runOnce(
    city,
    fateOf(city, { at }),
    fixed([routes === undefined ? placement : { ...placement, routes }]),
    settingsOf(),
    {
      request: (r) => counts.set(Math.round(r.serveMicros), (counts.get(Math.round(r.serveMicros)) ?? 0) + 1),
    },
  );
  return counts;
}

const route = (toNode: string, weightPpm: number): RouteFraction => ({
  from: 'in',
  to: 'm',
  fromNode: 'a',
  toNode,
  weightPpm,
});

describe('router', () => {
  const cases: [string, RouteFraction[] | undefined, number[]][] = [
    ['spreads evenly without fractions', undefined, [1 / 3, 1 / 3, 1 / 3]],
    ['follows fractions', [route('b', 500_000), route('c', 400_000), route('e', 100_000)], [0.5, 0.4, 0.1]],
    ['shares what fractions leave', [route('b', 800_000)], [0.8, 0.1, 0.1]],
    ['leaves nothing to those beside whole fractions', [route('c', 1_000_000)], [0, 1, 0]],
  ];
  for (const [name, routes, want] of cases)
    it(name, async () => {
      const counts = await served(routes);
      const shares = [100, 200, 400].map((micros) => (counts.get(micros) ?? 0) / 4000);
      for (const [i, share] of shares.entries())
        assert.ok(Math.abs(share - (want[i] ?? 0)) < 0.03, `${shares.join(' ')} and not ${want.join(' ')}`);
      assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-9);
    });

  it('keeps the part of a replica that is yet to come from the one beside it', () => {
    const hosts = ['a', 'b', 'c', 'e'];
    // One of two replicas on c has started; the one on e serves until the other has.
    const to = { name: 'm', endpoints: [{ host: 1 }, { host: 2 }, { host: 3 }] } as unknown as Service;
    const edges = [{ index: 0, from: { name: 'in' }, to }];
    const placement = {
      dag: 'default/d',
      replicas: ['b', 'c', 'c'].map((at) => ({ microservice: 'm', node: at })),
      routes: [route('b', 300_000), route('c', 700_000)],
    };
    const router = new Router();
    router.apply([placement], [{ key: 'default/d', edges } as unknown as Application], (n) =>
      hosts.indexOf(n),
    );
    const counts = [0, 0, 0];
    for (let i = 0; i < 1000; i++) {
      const at = router.pick(0, 0, to, (i + 0.5) / 1000);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    assert.deepEqual(counts, [300, 350, 350]);
  });
});
