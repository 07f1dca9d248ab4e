import assert from 'node:assert/strict';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import { runOnce } from '../run.ts';
import { cityOf, fateOf, fixed, placementOf, settingsOf } from './given.ts';

describe('the world model’s means', () => {
  it('of latency over replicas, jitter and success of links are those of many requests without load', async () => {
    const city = cityOf([
      node('a'),
      node('b', { mips: 2000 }),
      node('c', { region: 's' }),
      region('r', {
        attachment: { latency: '300us', bandwidth: '1G' },
        links: [{ from: 'r', to: 's', latency: '2ms', bandwidth: '100M', jitter: '400us', success: '0.97' }],
      }),
      region('s', { attachment: { latency: '200us', bandwidth: '1G' } }),
      dag('d', {
        ingress: [{ region: 's', payload: '10k' }],
        microservices: [
          service('in', { work: '2M' }),
          service('m', { work: '6M', replicas: 2 }),
          service('out', { work: '1M' }),
        ],
        edges: [
          { from: 'in', to: 'm', payload: '20k' },
          { from: 'm', to: 'out', payload: '5k' },
        ],
      }),
    ]);
    const [only] = city.dags;
    assert.ok(only !== undefined);
    const instance = instanceOf(snapshotOf({ ...city, nowMs: 0 }), only);
    const host = (name: string): number => instance.snapshot.hosts.findIndex((h) => h.name === name);
    const { predicted } = judge(instance, Int32Array.from(['c', 'a', 'b', 'b'].map(host)));
    const at = Array.from({ length: 40_000 }, (_, i) => i * 100_000);
    const { total } = await runOnce(
      city,
      fateOf(city, { at }),
      fixed([placementOf('d', { in: 'c', m: ['a', 'b'], out: 'b' })]),
      settingsOf({ untilMicros: 4_000_000_000, windowMicros: 1_000_000_000, periodMicros: 100_000_000 }),
    );
    assert.equal(total.arrived, 40_000);
    assert.ok(Math.abs(total.completed / total.arrived - predicted.successPpm / 1e6) < 0.003);
    assert.ok(Math.abs(total.latency.mean / predicted.latencyMicros - 1) < 0.005);
    // Replicas of unlike speed spread the latency beyond what links do: 3.64 ms between the two, half of it each way.
    const replicas = ((6000 - 3000 + 300 * 2 + 5 * 8) / 2) ** 2;
    const deviation = Math.sqrt(predicted.jitterMicros ** 2 + replicas);
    assert.ok(
      Math.abs(total.latency.deviation / deviation - 1) < 0.02,
      `${total.latency.deviation} ${deviation}`,
    );
  });
});
