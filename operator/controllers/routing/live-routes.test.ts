import assert from 'node:assert/strict';
import { snapshotOf } from '#world/snapshot.ts';
import { NOON, givenDag, givenNode, givenPlan, givenPod, givenRegion } from '../../given.ts';
import type { CachedDag } from '../../objects.ts';
import { LiveRoutes } from './live-routes.ts';

const template = {
  spec: { containers: [{ name: 'main', image: 'demo:1', resources: { requests: { cpu: '1' } } }] },
};
const app = givenDag({
  ingress: [{ region: 'north', requestsPerSecond: '10' }],
  microservices: [
    { name: 'front', template },
    { name: 'back', work: '15M', replicas: { min: 2 }, template },
  ],
});
const pods = [
  givenPod('front', { node: 'n' }),
  givenPod('back', { node: 'n', name: 'back-n' }),
  givenPod('back', { node: 's', region: 'south', name: 'back-s' }),
];
const plan = givenPlan({ front: ['n'], back: ['n', 's'] });

/** A world with `rate` requests/s measured, or declared when none are, and how often it was looked at. `way`: what the link takes. */
function measuring(
  rates: readonly number[] | undefined,
  way?: { readonly takes: string; readonly declared?: number },
): { live: LiveRoutes; looks: () => number } {
  let looks = 0;
  const [rate = way?.declared ?? 0] = rates ?? [];
  const ingress = [{ ...app.spec.ingress[0]!, requestsPerSecond: String(rate) }];
  const expected: CachedDag = { ...app, spec: { ...app.spec, ingress } };
  const objects = {
    nodes: [givenNode('n'), givenNode('s', { region: 'south' })],
    regions: [
      givenRegion('north', {
        topology: {
          attachment: { latency: '100us', bandwidth: '10G' },
          links: [{ from: 'north', to: 'south', latency: way?.takes ?? '2ms', bandwidth: '1G' }],
        },
      }),
      givenRegion('south'),
    ],
    dags: [expected],
    nowMs: NOON,
  };
  const world = {
    expected: () => rates,
    measured: () => way?.takes,
    now: () => {
      looks++;
      return { objects, snapshot: snapshotOf(objects) };
    },
  };
  return { live: new LiveRoutes(world, () => NOON), looks: () => looks };
}

describe('routes between two plans', () => {
  it('are the plan’s while nothing is measured', () => {
    const { live, looks } = measuring(undefined);
    assert.equal(live.of(app, plan, pods), plan.spec.routes);
    assert.equal(looks(), 0);
  });

  it('spill over when more comes than the nearest replica can take, and come home when it does not', () => {
    const south = (rates: number[]): number =>
      measuring(rates)
        .live.of(app, plan, pods)[0]!
        .paths.filter(({ toRegion }) => toRegion === 'south')
        .reduce((sum, { weightPpm }) => sum + weightPpm, 0);
    assert.equal(south([10]), 0);
    assert.ok(south([150]) > 0);
  });

  it('leave a way that is measured to be slow, without measured requests too', () => {
    const south = (takes: string): number =>
      measuring(undefined, { takes, declared: 100 })
        .live.of(app, plan, pods)[0]!
        .paths.filter(({ toRegion }) => toRegion === 'south')
        .reduce((sum, { weightPpm }) => sum + weightPpm, 0);
    assert.ok(south('2ms') > 0);
    assert.ok(south('90ms') < south('2ms'), `${south('90ms')} against ${south('2ms')}`);
  });

  it('are computed once for the same requests and replicas', () => {
    const { live, looks } = measuring([150]);
    const first = live.of(app, plan, pods);
    assert.equal(live.of(app, plan, pods), first);
    assert.equal(looks(), 1);
    live.of(app, plan, pods.slice(0, 2));
    assert.equal(looks(), 2);
  });

  it('are the plan’s when a microservice has no replica', () => {
    const { live } = measuring([150]);
    assert.equal(live.of(app, plan, pods.slice(0, 1)), plan.spec.routes);
  });
});
