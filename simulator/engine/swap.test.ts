import assert from 'node:assert/strict';
import { parseText } from '#crds/parse.ts';
import { dag, node, region } from '#world/test-world.ts';
import type { City } from '../city.ts';
import type { Exogenous } from '../exogenous.ts';
import type { Orchestrator, Placement } from '../orchestrator.ts';
import { runOnce } from '../run.ts';

const SECOND = 1e6;

/** Two applications of two services, each of which fills one of two nodes. */
function crowded(): City {
  const items = [
    region('r', { attachment: { latency: '100us', bandwidth: '1G' } }),
    node('n1', { cpu: '2' }),
    node('n2', { cpu: '2' }),
    ...['one', 'two'].map((name) =>
      dag(name, {
        ingress: [{ region: 'r', requestsPerSecond: '10' }],
        microservices: ['a', 'b'],
        edges: [{ from: 'a', to: 'b' }],
      }),
    ),
  ];
  const parsed = parseText(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'test');
  const { nodes, edgeRegions: regions, serviceDAGs: dags } = parsed;
  return { name: 'crowded', nodes, regions, dags, sites: [] };
}

/** Ten requests a second to each, none under way when a window begins, and nothing else. */
function quiet(): Exogenous {
  const sources = [0, 1].map((index) => {
    let at = SECOND / 20;
    return { dag: index, ingress: 0, next: () => (at += SECOND / 10) };
  });
  return {
    sources,
    disruptions: [],
    radio: { access: () => ({ extraMicros: 0, lost: false }) },
    work: { payloadFactor: () => 1, serviceFactor: () => 1 },
    rateAt: () => 10,
  };
}

/** They change places at every window. */
function restless(): Orchestrator {
  let turn = 0;
  const on = (name: string, host: string): Placement => ({
    dag: `default/${name}`,
    replicas: ['a', 'b'].map((microservice) => ({ microservice, node: host })),
  });
  return {
    name: 'restless',
    plan: async () => {
      turn++;
      return turn % 2 === 1 ? [on('one', 'n1'), on('two', 'n2')] : [on('one', 'n2'), on('two', 'n1')];
    },
    act: () => [],
  };
}

describe('applications that change places on full nodes', () => {
  it('are all back after a cold start, however often they do', async () => {
    const refused: number[] = [];
    await runOnce(
      crowded(),
      quiet(),
      restless(),
      {
        scenario: 'swap',
        scenarioDigest: '',
        seed: 1,
        replication: 0,
        untilMicros: 100 * SECOND,
        warmupMicros: 0,
        periodMicros: 5 * SECOND,
        windowMicros: 10 * SECOND,
        sampledShare: 1,
        patienceMicros: SECOND,
        coldStart: { imageMicros: SECOND, startMicros: SECOND },
        detectionMicros: SECOND,
      },
      { request: ({ outcome, arrivedMicros }) => outcome === 'refused' && refused.push(arrivedMicros) },
    );
    // A start takes two seconds at most, and one may wait for another.
    const late = refused.filter((at) => at % (10 * SECOND) > 4.5 * SECOND);
    assert.deepEqual(late, []);
  });
});
