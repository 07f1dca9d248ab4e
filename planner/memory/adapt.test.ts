import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { deploymentContent } from '#memory/trace/deployment.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { randomWorld } from '#world/random-world.ts';
import { dag, given, node, placed, region, service, worldOf } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import { greedyEft } from '../search/greedy.ts';
import { Evaluator } from '#world/evaluator.ts';
import { adapted } from './adapt.ts';
import type { Standing } from './adapt.ts';

/** A trace of an assignment as it is. */
function traceOf(instance: Instance, assign: Int32Array): Trace {
  const content = deploymentContent(instance.snapshot, instance.dag, judge(instance, assign), {
    window: 1,
    createdMs: 0,
    source: 'simulated',
    policy: 'Search',
    shareable: false,
    rollout: [],
    performance: {
      latencyMicros: 1,
      p99LatencyMicros: 1,
      jitterMicros: 0,
      syncMicros: 0,
      successPpm: 1_000_000,
      violationPpm: 0,
      utilisationPpm: 0,
    },
    predictedUtility: 0,
    realisedUtility: 0,
  });
  return sealTrace(content, { encoderVersion: 'test', vector: [1] });
}

/** Every service stands for itself. */
const itself = ({ services }: Instance): Standing => new Map(services.map(({ name }) => [name, name]));

/** Names of the hosts of an adapted placement; nothing where a seat is open. */
const names = ({ snapshot }: Instance, seats: Int32Array | undefined): (string | undefined)[] =>
  [...(seats ?? [])].map((host) => snapshot.hosts[host]?.name);

const app = (over: Item = {}, users = 'east'): Item =>
  dag('app', {
    ingress: [{ region: users, requestsPerSecond: '10', payload: '1k' }],
    microservices: ['a', 'b'],
    edges: [{ from: 'a', to: 'b', payload: '10k' }],
    ...over,
  });
const regions = ['east', 'west'].map((name) =>
  region(name, {
    attachment: { latency: '200us', bandwidth: '1G' },
    links: name === 'east' ? [{ from: 'east', to: 'west', latency: '2ms', bandwidth: '10G' }] : [],
  }),
);
const city = ['e0', 'e1', 'e2', 'w0', 'w1', 'w2'].map((name) =>
  node(name, { region: name.startsWith('e') ? 'east' : 'west', cpu: name.endsWith('2') ? '16' : '4' }),
);
const before = given([...regions, ...city, app()]);

describe('adapted: a past placement on present machines', () => {
  const past = traceOf(before, placed(before, { a: 'e0', b: 'e2' }));
  const adaptedTo = (items: readonly Item[], standing?: Standing): (string | undefined)[] => {
    const now = given([...regions, ...items]);
    return names(now, adapted(now, past, standing ?? itself(now))[0]);
  };

  it('is the same where nothing has changed', () => {
    assert.deepEqual(adaptedTo([...city, app()]), ['e0', 'e2']);
  });

  it('goes to a machine of the same region and size where one is gone', () => {
    const left = city.filter((n) => (n['metadata'] as { name: string }).name !== 'e0');
    assert.deepEqual(adaptedTo([...left, app()]), ['e1', 'e2']);
  });

  it('prefers a machine of another region to none', () => {
    const west = city.slice(3);
    assert.deepEqual(
      adaptedTo([...west, app()]).map((name) => name?.[0]),
      ['w', 'w'],
    );
  });

  it('leaves a full machine for one with room', () => {
    const full = city.map((n) =>
      (n['metadata'] as { name: string }).name === 'e0' ? node('e0', { region: 'east', cpu: '500m' }) : n,
    );
    assert.deepEqual(adaptedTo([...full, app()]), ['e1', 'e2']);
  });

  it('leaves a machine that the service may not run on', () => {
    const pinned = service('a', {
      pod: { nodeSelector: { 'kubernetes.io/hostname': 'e1' } },
    });
    assert.deepEqual(adaptedTo([...city, app({ microservices: [pinned, 'b'] })]), ['e1', 'e2']);
  });

  it('follows the users where they are elsewhere now, and offers the old places too', () => {
    const now = given([...regions, ...city, app({}, 'west')]);
    const offers = adapted(now, past, itself(now)).map((seats) => names(now, seats));
    assert.deepEqual(offers[0]?.[1], 'w2');
    assert.match(offers[0]?.[0] ?? '', /^w[01]$/);
    assert.deepEqual(offers[1], ['e0', 'e2']);
  });

  it('leaves open what stands for nothing, and replicas beyond those of that time', () => {
    const two = app({ microservices: [service('a', { replicas: 2 }), 'b'] });
    assert.deepEqual(adaptedTo([...city, two], new Map([['a', 'a']])), ['e0', undefined, undefined]);
  });

  it('lets what is fixed stay', () => {
    const now = given([...regions, ...city, app()]);
    const west = now.snapshot.hosts.findIndex(({ name }) => name === 'w1');
    const [seats] = adapted(now, past, itself(now), Int32Array.of(west, -1));
    assert.deepEqual(names(now, seats), ['w1', 'e2']);
  });

  it('never takes a host that a service may not have, nor more than there is room for', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), (then, now) => {
        const [old, present] = [then, now].map((seed) => {
          const { snapshot, dags } = worldOf(randomWorld(seed, {}));
          return instanceOf(snapshot, dags[0]!);
        });
        if (old === undefined || present === undefined) return;
        if (old.services.some(({ hosts }) => hosts.length === 0)) return;
        const past = traceOf(old, greedyEft(new Evaluator(old, 'latency')));
        const standing = new Map(
          present.services.flatMap(({ name }, s): [string, string][] => {
            const other = old.services[s];
            return other === undefined ? [] : [[name, other.name]];
          }),
        );
        const width = present.snapshot.resources.length;
        for (const seats of adapted(present, past, standing)) {
          const taken = new Float64Array(present.free.length);
          for (const [task, host] of seats.entries()) {
            if (host < 0) continue;
            const one = present.services[present.serviceOf[task]!]!;
            assert.ok(one.hosts.includes(host), `${one.name} on ${host}`);
            for (const [r, amount] of one.request.entries()) taken[host * width + r]! += amount;
          }
          for (const [i, amount] of taken.entries()) assert.ok(amount === 0 || amount <= present.free[i]!);
        }
      }),
      { numRuns: 150 },
    );
  });
});
