import assert from 'node:assert/strict';
import { instanceOf } from '#world/instance.ts';
import type { Instance } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { randomWorld } from '#world/random-world.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Item } from '#world/test-world.ts';
import type { City } from '../city.ts';
import type { Placement } from '../orchestrator.ts';
import { runOnce } from '../run.ts';
import { cityOf, fateOf, fixed, settingsOf } from './given.ts';
import type { RequestRecord } from './recorder.ts';

/** One request at a time, a second apart: no queue, no link in use. */
async function alone(
  city: City,
  placements: readonly Placement[],
  requests: number,
): Promise<RequestRecord[]> {
  const records: RequestRecord[] = [];
  const at = Array.from({ length: requests }, (_, i) => i * 1_000_000);
  // Sources of one DAG come one after the other.
  const fate = fateOf(city, { at });
  const sources = fate.sources.map((source, s) => ({ ...source, next: () => source.next() + s * 200_000 }));
  const settings = settingsOf({ untilMicros: (requests + 1) * 1_000_000 });
  await runOnce(city, { ...fate, sources }, fixed(placements), settings, { request: (r) => records.push(r) });
  return records;
}

/** What would make a request's time random: jitter and loss of links, calls that may not be made. */
const plain = (items: readonly Item[]): Item[] =>
  JSON.parse(
    JSON.stringify(items, (key, value: unknown) =>
      key === 'jitter' || key === 'success' || (key === 'callsPerRequest' && value === '0.5')
        ? undefined
        : value,
    ),
  ) as Item[];

const withoutPayload = (items: readonly Item[]): Item[] =>
  JSON.parse(JSON.stringify(items, (key, value: unknown) => (key === 'payload' ? '0' : value))) as Item[];

/** Whether something joins, something goes out at once, or one call follows the other. */
function shapeOf({ dags }: City): 'chains' | 'joins' | 'forks' {
  const { microservices = [], edges = [] } = dags[0]?.spec ?? {};
  const inputs = microservices.map(({ name }) => edges.filter((e) => e.to === name).length);
  const outputs = microservices.map(({ name }) => edges.filter((e) => e.from === name).length);
  if (inputs.some((n) => n > 1)) return 'joins';
  return outputs.some((n) => n > 1) || inputs.filter((n) => n === 0).length > 1 ? 'forks' : 'chains';
}

function someAssignment(instance: Instance, seed: number): Int32Array | undefined {
  let state = seed;
  const assign = new Int32Array(instance.tasks);
  for (const { hosts, firstTask, replicas } of instance.services) {
    for (let r = 0; r < replicas; r++) {
      if (hosts.length === 0) return undefined;
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      assign[firstTask + r] = hosts[state % hosts.length] ?? 0;
    }
  }
  return assign;
}

const placementFor = (instance: Instance, assign: Int32Array): Placement => ({
  dag: instance.key,
  replicas: [...assign].map((host, t) => ({
    microservice: instance.services[instance.serviceOf[t] ?? 0]?.name ?? '',
    node: instance.snapshot.hosts[host]?.name ?? '',
  })),
});

describe('latency without load', () => {
  it('is that of the world model to the microsecond, for every ingress region of random worlds', async () => {
    const compared = { chains: 0, joins: 0, forks: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const items = plain(randomWorld(seed, { contention: false, limits: false, dags: 1 }));
      const shape = shapeOf(cityOf(items));
      // Calls that go out at once may want the same link: without payload they take none of its time.
      const whole = cityOf(shape === 'chains' ? items : withoutPayload(items));
      const [first] = whole.dags;
      if (first === undefined || first.spec.ingress.length === 0) continue;
      // One replica of each service: then every request takes the same way.
      const single = first.spec.microservices.map((m) => ({ ...m, replicas: { min: 1 } }));
      const city = { ...whole, dags: [{ ...first, spec: { ...first.spec, microservices: single } }] };
      const [only] = city.dags;
      if (only === undefined) continue;
      const instance = instanceOf(snapshotOf({ ...city, nowMs: 0 }), only);
      const assign = someAssignment(instance, seed);
      if (assign === undefined) continue;
      const { predicted, violations } = judge(instance, assign);
      if (violations.some(({ hard }) => hard)) continue;
      const records = await alone(city, [placementFor(instance, assign)], 1);
      assert.equal(records.length, only.spec.ingress.length);
      const mean = records.reduce((sum, r) => sum + r.latencyMicros, 0) / records.length;
      assert.ok(
        Math.abs(mean - predicted.latencyMicros) <= 0.5 + 1e-6,
        `world ${seed}: ${mean} and not ${predicted.latencyMicros}`,
      );
      const sync = Math.max(...records.map((r) => r.syncMicros));
      assert.ok(Math.abs(sync - predicted.syncMicros) <= 0.5 + 1e-6, `world ${seed}: sync ${sync}`);
      for (const r of records) {
        assert.equal(r.outcome, 'completed');
        assert.ok(Math.abs(r.queueMicros) < 1e-6);
        const parts = r.accessMicros + r.serveMicros + r.transferMicros;
        assert.ok(Math.abs(parts - r.latencyMicros) < 1e-6);
      }
      compared[shape]++;
    }
    const { chains, joins, forks } = compared;
    assert.ok(chains >= 10 && joins >= 10 && forks >= 5, `compared only ${JSON.stringify(compared)}`);
  });
});
