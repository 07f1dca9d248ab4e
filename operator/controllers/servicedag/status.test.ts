import assert from 'node:assert/strict';
import { serviceDAGStatus } from '#crds/servicedag-status.ts';
import { givenDag, givenPlan, givenPod, NOON } from '../../given.ts';
import type { CachedPlan, Deployment } from '../../objects.ts';
import { statusOf } from './status.ts';
import type { Seen } from './status.ts';

const nowIso = new Date(NOON).toISOString();
const both = [givenPod('front', { node: 'a' }), givenPod('back', { node: 'b' })];

const given = (over: Partial<Seen> = {}): Seen => ({
  dag: givenDag(),
  planning: { kind: 'planned', answer: undefined },
  plan: givenPlan(),
  pods: both,
  deployments: [],
  blockade: undefined,
  telemetry: 'off',
  routing: undefined,
  nowIso,
  ...over,
});

const said = (seen: Seen, type: string): string => {
  const found = statusOf(seen).conditions?.find((condition) => condition.type === type);
  return `${found?.status} ${found?.reason}: ${found?.message}`;
};

const failing = (message: string): Deployment =>
  ({
    metadata: { name: 'app-front-north' },
    status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message }] },
  }) as unknown as Deployment;

/** `back` runs in north and is to run in south. */
const movingSouth = ((): CachedPlan => {
  const { spec, ...plan } = givenPlan({ front: ['a'] });
  const [back] = givenPlan({ back: ['z'] }).spec.regions;
  const assignments = (back?.assignments ?? []).map((one) => ({ ...one, replaces: 'back-0' }));
  return { ...plan, spec: { ...spec, regions: [...spec.regions, { region: 'south', assignments }] } };
})();

describe('statusOf', () => {
  const late = givenPlan(undefined, { latencyMicros: 30_000 });
  const strict = givenDag({ qos: { maxLatency: '20ms' } });
  const away = { kind: 'unavailable', message: 'no answer' } as const;
  const nowhere = { kind: 'infeasible', message: 'node.cpu: full', binding: 'node.cpu: full' } as const;
  const cycle = { kind: 'refused', reason: 'Cycle', message: 'a → b → a' } as const;
  const oneWaits = [givenPod('front', { node: 'a' }), givenPod('back')];
  const cases: Record<string, { seen: Seen; type: string; want: RegExp }> = {
    'it is ready when all pods are': { seen: given(), type: 'Ready', want: /^True Running: all 2/ },
    'it is ready while a replica moves to another region': {
      seen: given({ plan: movingSouth }),
      type: 'Ready',
      want: /^True Moving: all 2 replicas are ready; on the move: back from b to z$/,
    },
    'nor is it unplaced then': {
      seen: given({ plan: movingSouth }),
      type: 'Placed',
      want: /^True AllBound: .*on the move: back from b to z$/,
    },
    'it is not ready when what moves takes no calls': {
      seen: given({
        plan: movingSouth,
        pods: [givenPod('front', { node: 'a' }), givenPod('back', { node: 'b', ready: false })],
      }),
      type: 'Ready',
      want: /^False PodsNotReady: 1 of 2/,
    },
    'a plan in force is feasible': { seen: given(), type: 'Planned', want: /^True Feasible: app-1/ },
    'before the first plan nobody can say': {
      seen: given({ plan: undefined, pods: [] }),
      type: 'Planned',
      want: /^Unknown Planning/,
    },
    'nor is anything placed': {
      seen: given({ plan: undefined, pods: [] }),
      type: 'Placed',
      want: /^False NotPlanned/,
    },
    'a planner that is away leaves it open, and the plan in force': {
      seen: given({ planning: away }),
      type: 'Planned',
      want: /^Unknown PlannerUnavailable: no answer; app-1 stays in force/,
    },
    'and what runs is ready': {
      seen: given({ planning: away }),
      type: 'Ready',
      want: /^True Running/,
    },
    'unless it is for a plan of a new spec': {
      seen: given({ planning: away, plan: givenPlan(undefined, { generation: 0 }) }),
      type: 'Ready',
      want: /^False PlannerUnavailable/,
    },
    'an infeasible spec names the constraint': {
      seen: given({ planning: nowhere, plan: undefined }),
      type: 'Planned',
      want: /^False Infeasible: node.cpu: full$/,
    },
    'a refused spec is not accepted': {
      seen: given({ planning: cycle }),
      type: 'Accepted',
      want: /^False Cycle: a → b → a/,
    },
    'and Ready gives its reason': { seen: given({ planning: cycle }), type: 'Ready', want: /^False Cycle/ },
    'a replica without a node is named': {
      seen: given({ pods: oneWaits }),
      type: 'Placed',
      want: /^False Waiting: 1 of 2 replicas have a node; waiting: back in north/,
    },
    'two pods of one microservice do not stand in for another': {
      seen: given({
        pods: [givenPod('front', { node: 'a' }), givenPod('front', { node: 'b', name: 'front-1' })],
      }),
      type: 'Placed',
      want: /^False Waiting: 1 of 2/,
    },
    'pods that cannot be made say why': {
      seen: given({ pods: [], deployments: [failing('quota is used up')] }),
      type: 'Placed',
      want: /^False PodsRefused: .*quota is used up/,
    },
    'what is in the way is named': {
      seen: given({ blockade: { reason: 'NameTaken', message: 'Service app-front' } }),
      type: 'Placed',
      want: /^False NameTaken: Service app-front/,
    },
    'a pod that is bound and not ready holds Ready up': {
      seen: given({
        pods: [givenPod('front', { node: 'a' }), givenPod('back', { node: 'b', ready: false })],
      }),
      type: 'Ready',
      want: /^False PodsNotReady: 1 of 2/,
    },
    'a prediction within the limits': {
      seen: given({ dag: strict }),
      type: 'WithinQoS',
      want: /^True Predicted/,
    },
    'a prediction beyond a limit names both': {
      seen: given({ dag: strict, plan: late }),
      type: 'WithinQoS',
      want: /^False Predicted: latency: predicted 30ms, the limit is 20ms/,
    },
    'a message that is too long is cut': {
      seen: given({ blockade: { reason: 'Refused', message: 'x'.repeat(9_000) } }),
      type: 'Placed',
      want: /^False Refused: x{4096}$/,
    },
  };
  for (const [name, { seen, type, want }] of Object.entries(cases))
    it(name, () => assert.match(said(seen, type), want));

  it('keeps what telemetry wrote', () => {
    const dag = givenDag();
    const observed = { latencyMicros: 9_100 };
    assert.deepEqual(statusOf(given({ dag: { ...dag, status: { observed } } })).observed, observed);
  });

  it('says the same of its own status later, with the times of the first', () => {
    const status = statusOf(given());
    const again = statusOf(given({ dag: { ...givenDag(), status }, nowIso: '2026-11-23T13:00:00Z' }));
    assert.deepEqual(again, status);
  });

  it('keeps the limits of the schema however large the DAG', () => {
    const nodes = Array.from({ length: 300 }, (_, i) => `node-${i}`);
    const pods = nodes.map((node, i) => givenPod('front', { node, name: `front-${i}` }));
    const status = statusOf(given({ pods }));
    assert.equal(status.microservices?.[0]?.nodes?.length, 256);
    serviceDAGStatus.parse(status);
  });
});
