import assert from 'node:assert/strict';
import { dag, node, region, service, worldOf } from '#world/test-world.ts';
import { steer } from './steer.ts';
import type { RegionRoute } from './edge.ts';

/** East and west, 2 ms apart: `a` in the east calls `b` in both, where a call takes 5 ms. */
function steered(rate: number, b = ['e', 'w']): RegionRoute[] | undefined {
  const { snapshot, dags } = worldOf([
    region('east', {
      attachment: { latency: '100us', bandwidth: '10G' },
      links: [{ from: 'east', to: 'west', latency: '2ms', bandwidth: '1G' }],
    }),
    region('west', { attachment: { latency: '100us', bandwidth: '10G' } }),
    node('e', { region: 'east' }),
    node('w', { region: 'west' }),
    dag('d', {
      ingress: [{ region: 'east', requestsPerSecond: String(rate) }],
      microservices: [service('a'), service('b', { work: '5M', replicas: 2 })],
      edges: [{ from: 'a', to: 'b', payload: '10k' }],
    }),
  ]);
  return steer(snapshot, dags[0]!, new Map([['a', ['e']], ['b', b]])); // prettier-ignore
}
const share = (routes: readonly RegionRoute[] | undefined, to: string): number =>
  routes?.[0]?.paths.filter(({ toRegion }) => toRegion === to).reduce((sum, p) => sum + p.weightPpm, 0) ?? 0;

describe('steer', () => {
  it('keeps calls at home while it is quiet there, and sends on what would wait too long', () => {
    assert.equal(share(steered(10), 'west'), 0);
    const [busy, full] = [share(steered(150), 'west'), share(steered(300), 'west')];
    assert.ok(busy > 0 && busy < full, `${busy} ${full}`);
    assert.ok(full <= 500_000, `${full}`);
    for (const rate of [10, 150, 300])
      assert.equal(share(steered(rate), 'east') + share(steered(rate), 'west'), 1_000_000);
  });

  it('counts replicas where they are', () => {
    assert.ok(share(steered(300, ['e', 'w', 'w']), 'west') >= share(steered(300), 'west'));
    assert.equal(share(steered(300, ['w', 'w']), 'west'), 1_000_000);
  });

  it('has nothing to say without rates, without a replica of each microservice, or of a node that nobody knows', () => {
    assert.equal(steered(0), undefined);
    assert.equal(steered(100, []), undefined);
    assert.equal(steered(100, ['e', 'gone']), undefined);
  });
});
