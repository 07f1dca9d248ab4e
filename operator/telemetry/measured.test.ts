import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { givenDag, givenPlan } from '../given.ts';
import type { CachedDag, CachedPlan } from '../objects.ts';
import { edgesOf } from '../routing/edge.ts';
import { measuredOf } from './measured.ts';
import type { Measured } from './measured.ts';
import { seriesOf } from './series.ts';
import { seriesKey } from './source.ts';
import type { Figures, Naming } from './source.ts';

const split = (plan: CachedPlan, from = 'front', to = 'back'): CachedPlan => ({
  ...plan,
  spec: deploymentPlanSpec.parse({
    ...plan.spec,
    routes: [
      ...plan.spec.routes,
      {
        from,
        to,
        slice: 'immersive',
        paths: ['north', 'south'].map((region) => ({
          via: ['a'],
          fromRegion: 'north',
          toRegion: region,
          weightPpm: 500_000,
        })),
      },
    ],
  }),
});

const measure = (
  given: Readonly<Record<string, Partial<Figures>>>,
  dag: CachedDag = givenDag(),
  plan: CachedPlan = split(givenPlan()),
): Measured | undefined => {
  const figures = new Map(
    Object.entries(given).map(([name, figure]) => {
      const [naming = '', rest = ''] = name.split(' ');
      return [
        seriesKey(naming as Naming, rest),
        { rate: 1, rateByRegion: new Map<string, number>(), ...figure },
      ] as const;
    }),
  );
  return measuredOf({ figures, rejected: 0 }, seriesOf(dag, edgesOf(dag, plan, []))).get('default/app');
};

describe('what was measured of a ServiceDAG', () => {
  it('finds the groups of an edge under the names of every mechanism', () => {
    const names: Record<string, string> = {
      'Envoy Gateway': 'Envoy service/default/app-back-in-south/8080/http',
      'Envoy Gateway, gRPC': 'Envoy service/default/app-back-in-south/8080/grpc',
      'the discovery server': 'Envoy default/app-front-to-back-immersive/south',
      'a mesh': 'Service default/app-back-in-south',
    };
    for (const [mechanism, name] of Object.entries(names)) {
      const edge = measure({ [name]: { rate: 7, meanMicros: 900 } })?.edges.get('front>back');
      const calls = { rate: 7, meanMicros: 900 };
      assert.deepEqual(edge, { ...calls, groups: new Map([['south', calls]]) }, mechanism);
    }
  });

  it('knows the whole of a rule that has one cluster, and no groups', () => {
    const edge = measure({ 'Envoy httproute/default/app-front-to-back-immersive/rule/0': { rate: 5 } });
    assert.deepEqual(edge?.edges.get('front>back'), { rate: 5 });
  });

  it('weighs means by rate, and takes the largest quantile of those that count', () => {
    const edge = measure({
      'Envoy default/app-front-to-back-immersive/north': {
        rate: 30,
        meanMicros: 1_000,
        p99Micros: 4_000,
        errorRate: 3,
      },
      'Envoy default/app-front-to-back-immersive/south': {
        rate: 10,
        meanMicros: 5_000,
        p99Micros: 9_000,
        errorRate: 0,
      },
    })?.edges.get('front>back');
    assert.deepEqual(
      [edge?.rate, edge?.meanMicros, edge?.p99Micros, edge?.errorShare],
      [40, 2_000, 9_000, 0.075],
    );
    assert.deepEqual(edge?.groups?.get('south'), {
      rate: 10,
      meanMicros: 5_000,
      p99Micros: 9_000,
      errorShare: 0,
    });
  });

  it('tells no groups apart where two edges share the counters of their callee', () => {
    const { microservices } = givenDag().spec;
    const [front, back] = microservices;
    assert(front !== undefined && back !== undefined);
    const dag = givenDag({
      microservices: [front, { ...front, name: 'side' }, back],
      edges: [
        { from: 'front', to: 'back' },
        { from: 'side', to: 'back' },
      ],
    });
    const plan = split(split(givenPlan()), 'side');
    const shared = measure({ 'Envoy service/default/app-back-in-south/8080/http': { rate: 9 } }, dag, plan);
    assert.deepEqual([...(shared?.edges.values() ?? [])], [{ rate: 9 }, { rate: 9 }]);
    const own = measure({ 'Envoy default/app-side-to-back-immersive/south': { rate: 9 } }, dag, plan);
    assert.deepEqual(own?.edges.get('side>back')?.groups, new Map([['south', { rate: 9 }]]));
  });

  it('measures users where they arrive: at what nobody inside calls, or as the application says', () => {
    const byRegion = new Map([['north', 4]]);
    const seen = measure({
      'Envoy service/default/app-front/8080/http': { rate: 4, rateByRegion: byRegion },
      'Envoy service/default/app-back/8080/http': { rate: 99 },
      'Dag default/app': { rate: 5 },
    });
    assert.deepEqual([...(seen?.entries.keys() ?? [])], ['front', '']);
    assert.deepEqual(seen?.entries.get('front')?.byRegion, byRegion);
    assert.equal(seen?.edges.size, 0);
  });

  it('knows nothing of what nobody measures, and a rate of nothing of what nobody calls', () => {
    assert.equal(measure({ 'Envoy service/elsewhere/app-front/8080/http': {} }), undefined);
    assert.equal(measure({ 'Service default/app-front': { rate: 0 } })?.entries.get('front')?.rate, 0);
  });

  it('never makes figures beyond those it was given', () => {
    const figure = fc.record({
      rate: fc.double({ min: 0, max: 1e6, noNaN: true }),
      meanMicros: fc.nat(1_000_000),
      p99Micros: fc.nat(1_000_000),
      errorRate: fc.double({ min: 0, max: 2e6, noNaN: true }),
    });
    fc.assert(
      fc.property(figure, figure, (north, south) => {
        const edge = measure({
          'Envoy default/app-front-to-back-immersive/north': north,
          'Envoy default/app-front-to-back-immersive/south': south,
        })?.edges.get('front>back');
        const { meanMicros = north.meanMicros, errorShare = 0 } = edge ?? {};
        assert.ok(meanMicros >= Math.min(north.meanMicros, south.meanMicros) - 1e-6);
        assert.ok(meanMicros <= Math.max(north.meanMicros, south.meanMicros) + 1e-6);
        assert.ok(errorShare >= 0 && errorShare <= 1);
        assert.ok((edge?.p99Micros ?? 0) <= Math.max(north.p99Micros, south.p99Micros));
      }),
    );
  });
});
