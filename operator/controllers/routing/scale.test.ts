import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '#kube/object.ts';
import { DEPLOYMENTPLAN, HTTPROUTE, SERVICEDAG } from '../../kinds.ts';
import { RoutingStage } from './stage.ts';
import type { Route } from './stage-gateway.ts';

/** Edges of one ServiceDAG; the schema takes 256. */
const EDGES = 250;

describe('routing of many edges', () => {
  const stage = new RoutingStage();

  it('costs one write when one edge of many changes, and none in steady state', async () => {
    const names = Array.from({ length: 26 }, (_, i) => `s${i}`);
    const { template } = stage.dag().spec.microservices[0]!;
    stage.server.remove(SERVICEDAG, 'default/app');
    const pairs = names.flatMap((from, i) => names.slice(i + 1).map((to) => ({ from, to }))).slice(0, EDGES);
    const dag = stage.dag({ microservices: names.map((name) => ({ name, template })), edges: pairs });
    const routes = (first: number): object[] =>
      pairs.map(({ from, to }, i) => ({
        from,
        to,
        slice: 'immersive',
        paths: ['north', 'south'].map((region, r) => {
          const share = i === 0 ? first : 300_000;
          return {
            via: ['a', region],
            fromRegion: 'north',
            toRegion: region,
            weightPpm: r === 0 ? 1_000_000 - share : share,
          };
        }),
      }));
    const plan = (window: number, first: number): void => {
      const { name, uid, generation } = dag.metadata;
      stage.server.put(DEPLOYMENTPLAN, {
        metadata: { name: `${name}-${window}`, namespace: 'default', labels: { 'edgeloom.dev/dag': name } },
        spec: {
          dag: { name, uid, generation },
          window,
          source: 'Search',
          regions: [],
          routes: routes(first),
        },
      } as KubeObject);
    };
    for (const to of names) for (const region of ['north', 'south']) stage.replica(region, { of: to });
    plan(1, 300_000);
    await stage.becomes(/^True Gateway: 250 edges/, 15_000);
    await sleep(500);
    const before = stage.writes().length;
    await sleep(500);
    assert.equal(stage.writes().length, before, 'steady state');
    plan(2, 600_000);
    const weights = (): number | undefined =>
      stage.server
        .objects<Route>(HTTPROUTE)
        .find(({ metadata }) => metadata.name === 'app-s0-to-s1-immersive')?.spec.rules[0]?.backendRefs[0]
        ?.weight;
    await stage.eventually(
      () => weights() === 4_000,
      () => `weight ${weights()}`,
    );
    await sleep(500);
    const writes = stage.writes().slice(before);
    assert.equal(writes.length, 1, writes.join('\n'));
  });
});
