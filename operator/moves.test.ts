import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deployments } from './controllers/servicedag/render.ts';
import { standing } from './controllers/telemetry/gather.ts';
import { givenDag, givenPlan, givenPod, NOON } from './given.ts';
import { handoverOf, meanwhile, moveCount, movesOf, saidOf } from './moves.ts';
import type { CachedPlan, CachedPod } from './objects.ts';
import { edgesOf } from './routing/edge.ts';

/** A plan of `app` that has `front` on `a` in north and `back` on `z` in south, where a pod of north ran it. */
function moving(replaces = 'back-0'): CachedPlan {
  const { spec, ...plan } = givenPlan({ front: ['a'] });
  const back = { microservice: 'back', replica: 0, replaces, ranked: [{ node: 'z', sharePpm: 1_000_000 }] };
  const paths = [{ via: ['a', 'z'], fromRegion: 'north', toRegion: 'south', weightPpm: 1_000_000 }];
  return {
    ...plan,
    spec: {
      ...spec,
      regions: [...spec.regions, { region: 'south', assignments: [back] }],
      routes: [{ from: 'front', to: 'back', slice: 'immersive', paths }],
    },
  };
}
const front = givenPod('front', { node: 'a' });
const old = givenPod('back', { node: 'b' });
const since = (pod: CachedPod, ms: number): CachedPod => ({
  ...pod,
  status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date(ms).toISOString() }] },
});
const fresh = (ms: number): CachedPod =>
  since(givenPod('back', { node: 'z', region: 'south', name: 'back-1' }), ms);

describe('moves', () => {
  it('are of pods that are there still', () => {
    const [move] = movesOf(moving(), [front, old]);
    assert.equal(saidOf(move === undefined ? [] : [move]), 'back from b to z');
    assert.deepEqual([move?.from, move?.to, moveCount(moving())], ['north', 'south', 1]);
    assert.deepEqual(movesOf(moving('gone'), [front, old]), []);
    const ends = { ...old, metadata: { ...old.metadata, deletionTimestamp: new Date(NOON).toISOString() } };
    assert.deepEqual(movesOf(moving(), [front, ends]), []);
  });

  it('keep the old replica until the new one has taken calls for a while', () => {
    const at = (pods: readonly CachedPod[]): unknown[] => {
      const { staying, againMs } = handoverOf(moving(), pods, NOON);
      return [staying.length, againMs];
    };
    const gated = givenPod('back', { region: 'south', name: 'back-1' });
    const unready = givenPod('back', { node: 'z', region: 'south', name: 'back-1', ready: false });
    assert.deepEqual(at([front, old]), [1, undefined]);
    assert.deepEqual(at([front, old, gated]), [1, undefined]);
    assert.deepEqual(at([front, old, unready]), [1, undefined]);
    assert.deepEqual(at([front, old, fresh(NOON - 4_000)]), [1, 6_000]);
    assert.deepEqual(at([front, old, fresh(NOON - 10_000)]), [0, undefined]);
  });

  it('have a Deployment in both regions meanwhile, and one more replica where both are in one', () => {
    const counts = (plan: CachedPlan, pods: readonly CachedPod[]): unknown =>
      deployments(givenDag(), plan, handoverOf(plan, pods, NOON).staying).map(({ metadata, spec }) => [
        metadata.name,
        spec.replicas,
      ]);
    const both = [
      ['app-front-north', 1],
      ['app-back-south', 1],
      ['app-back-north', 1],
    ];
    assert.deepEqual(counts(moving(), [front, old]), both);
    assert.deepEqual(counts(moving(), [front, old, fresh(NOON - 60_000)]), both.slice(0, 2));
    const near = givenPlan({ front: ['a'], back: ['c'] });
    const [section] = near.spec.regions;
    for (const one of section?.assignments ?? []) if (one.microservice === 'back') one.replaces = 'back-0';
    assert.deepEqual(counts(near, [front, old]), [
      ['app-front-north', 1],
      ['app-back-north', 2],
    ]);
  });

  it('are over before the outcome of their plan counts', () => {
    const after = [front, fresh(NOON)];
    assert.deepEqual(standing(moving(), [...after, old]), { isPlaced: false, isAsPlanned: false });
    assert.deepEqual(standing(moving(), after), { isPlaced: true, isAsPlanned: true });
  });

  it('leave calls where they go until the new replica takes them', () => {
    const wanted = (pods: readonly CachedPod[]): unknown =>
      edgesOf(givenDag(), moving(), pods)[0]?.wanted.map(({ group, share }) => [group, share]);
    assert.deepEqual(wanted([front, old]), [['north', 1_000_000]]);
    assert.deepEqual(wanted([front, old, fresh(NOON)]), [['south', 1_000_000]]);
    assert.deepEqual(wanted([front]), [['south', 1_000_000]]);
  });

  it('neither lose nor make a call, and never leave fewer to take them than the plan has (any state)', () => {
    const state = fc.constantFrom('gated', 'unready', 'new', 'long');
    fc.assert(
      fc.property(
        fc.array(fc.record({ moves: fc.boolean(), far: fc.boolean(), old: fc.boolean(), state }), { maxLength: 6, minLength: 1 }), // prettier-ignore
        (replicas) => {
          const pods: CachedPod[] = [];
          const regions = [false, true].map((far) => ({
            region: far ? 'south' : 'north',
            assignments: replicas.flatMap((one, replica) => {
              if (one.far !== far) return [];
              const replaces = one.moves ? { replaces: `old-${replica}` } : {};
              const ranked = [{ node: `n${replica}`, sharePpm: 1_000_000 }];
              return [{ microservice: 'back', replica, ranked, ...replaces }];
            }),
          }));
          for (const [i, one] of replicas.entries()) {
            if (one.moves && one.old) pods.push(givenPod('back', { node: 'b', name: `old-${i}` }));
            const [name, region] = [`new-${i}`, one.far ? 'south' : 'north'];
            if (one.state === 'gated') pods.push(givenPod('back', { name, region }));
            else {
              const pod = givenPod('back', { name, region, node: `n${i}`, ready: one.state !== 'unready' });
              pods.push(
                one.state === 'unready' ? pod : since(pod, NOON - (one.state === 'new' ? 1 : 60_000)),
              );
            }
          }
          const given = givenPlan({});
          const plan = { ...given, spec: { ...given.spec, regions } };
          const { moves, staying } = handoverOf(plan, pods, NOON);
          const takes = replicas.filter(({ state: s }) => s === 'long').length;
          assert.equal(staying.length, takes === replicas.length ? 0 : moves.length);
          const shares = new Map([['north', 3], ['south', 5]]); // prettier-ignore
          const after = meanwhile(shares, moves, (r) => replicas.filter(({ far }) => far === (r === 'south')).length, () => 0); // prettier-ignore
          const total = [...after.values()].reduce((a, b) => a + b, 0);
          assert.ok(Math.abs(total - 8) < 1e-9 && [...after.values()].every((share) => share >= -1e-9));
        },
      ),
    );
  });
});
