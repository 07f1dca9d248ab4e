import assert from 'node:assert/strict';
import { decide } from './decide.ts';
import type { Decision, Sight } from './decision.ts';
import { bound, given, givenDag, givenNode, givenPlan, givenPod, givenRegion, pinned } from './given.ts';

/** `p1→a,b Planned` or `p1 waits: NoNodeFits`. */
const said = (decision: Decision): string =>
  decision.kind === 'pin'
    ? `${decision.pod.metadata.name}→${decision.ranked.map((r) => r.node).join(',')} ${decision.reason}`
    : `${decision.pod.metadata.name} waits: ${decision.reason}`;

const p1 = givenPod('p1', { age: 2 });
const p2 = givenPod('p2', { age: 1 });
const old = givenPod('old', { age: 9 });
const moving = givenPlan({ front: [['b']] }, { replaces: { front: 'old' } });
const plan = givenPlan({
  front: [
    ['b', 'c'],
    ['c', 'a'],
  ],
  back: [['a']],
});

describe('decide', () => {
  const cases: Record<string, { sight: Sight; want: string[] }> = {
    'nothing gated, nothing decided': { sight: given({ plans: [plan] }), want: [] },
    'each pod takes a planned place, the oldest the first': {
      sight: given({ plans: [plan], pods: [p2, p1] }),
      want: ['p1→b,c Planned', 'p2→c,a Planned'],
    },
    'a place that a bound pod has is taken': {
      sight: given({ plans: [plan], pods: [bound(p1, 'b'), p2] }),
      want: ['p2→c,a Planned'],
    },
    'a place that a pinned pod has is taken': {
      sight: given({ plans: [plan], pods: [pinned(p1, 'b', 'c'), p2] }),
      want: ['p2→c,a Planned'],
    },
    'a pod that stands elsewhere takes the first place that is left': {
      sight: given({ plans: [plan], pods: [bound(p1, 'a'), p2] }),
      want: ['p2→c,a Planned'],
    },
    'pods of other regions are none of our business': {
      sight: given({ plans: [plan], pods: [givenPod('p1', { region: 'south' })] }),
      want: [],
    },
    'a planned node that is lost gives way to another place of the plan': {
      sight: given({
        plans: [plan],
        pods: [p1],
        nodes: [givenNode('a'), givenNode('b', { ready: false }), givenNode('c')],
      }),
      want: ['p1→c,a Planned'],
    },
    'where every planned node is lost, the next ranked one is taken': {
      sight: given({
        plans: [givenPlan({ front: [['b', 'c']] })],
        pods: [p1],
        nodes: [givenNode('a'), givenNode('b', { ready: false }), givenNode('c')],
      }),
      want: ['p1→c NextRanked'],
    },
    'the next ranked one is passed over when a plan needs its room': {
      sight: given({
        plans: [givenPlan({ front: [['b', 'c']], back: [['c']] })],
        pods: [p1],
        nodes: [givenNode('a'), givenNode('b', { ready: false }), givenNode('c', { cpu: '1' })],
      }),
      want: ['p1→a,c LocalSearch'],
    },
    'where no ranked node is left, the region is searched': {
      sight: given({ plans: [givenPlan({ front: [['z']] })], pods: [p1], nodes: [givenNode('a')] }),
      want: ['p1→a LocalSearch'],
    },
    'one that moves takes its place while the old one runs': {
      sight: given({ plans: [moving], pods: [bound(old, 'a'), p1] }),
      want: ['p1→b Planned'],
    },
    'one that moves waits where its place is taken, and goes nowhere else': {
      sight: given({
        plans: [moving],
        pods: [bound(old, 'a'), p1],
        nodes: [givenNode('a'), givenNode('b', { cpu: '500m' }), givenNode('c')],
      }),
      want: ['p1 waits: InsufficientRoom'],
    },
    'once the old one is gone it is placed like any other': {
      sight: given({
        plans: [moving],
        pods: [p1],
        nodes: [givenNode('b', { cpu: '500m' }), givenNode('c')],
      }),
      want: ['p1→c LocalSearch'],
    },
    'a planned node of another region is no place': {
      sight: given({
        plans: [givenPlan({ front: [['s1']] })],
        pods: [p1],
        nodes: [givenNode('a'), givenNode('s1', { region: 'south' })],
        regions: [givenRegion('north'), givenRegion('south')],
      }),
      want: ['p1→a LocalSearch'],
    },
    'without a plan the region is searched': {
      sight: given({ pods: [p1], nodes: [givenNode('a')] }),
      want: ['p1→a NoPlan'],
    },
    'room taken in this round counts': {
      sight: given({ pods: [p1, p2], nodes: [givenNode('a', { cpu: '1' })] }),
      want: ['p1→a NoPlan', 'p2 waits: InsufficientRoom'],
    },
    'a pod that asks for what nobody offers waits': {
      sight: given({ pods: [givenPod('p1', { cpu: '64' })] }),
      want: ['p1 waits: InsufficientRoom'],
    },
    'a region of cordoned nodes takes nobody': {
      sight: given({ pods: [p1], nodes: [{ ...givenNode('a'), spec: { unschedulable: true } }] }),
      want: ['p1 waits: NoNodeFits'],
    },
    'a region without nodes takes nobody': {
      sight: given({ pods: [p1], nodes: [] }),
      want: ['p1 waits: NoNodeInRegion'],
    },
    'a pod whose DAG is gone waits for its end': {
      sight: given({ pods: [p1], dags: [] }),
      want: ['p1 waits: NoServiceDAG'],
    },
    'a pod of a microservice that is gone waits for its end': {
      sight: given({ pods: [givenPod('p1', { microservice: 'gone' })] }),
      want: ['p1 waits: NoMicroservice'],
    },
    'a node where the scheduler refused is kept away from': {
      sight: given({
        plans: [plan],
        pods: [p1],
        avoid: new Map([['default/app/front', new Set(['b', 'c'])]]),
      }),
      want: ['p1→a NextRanked'],
    },
    'where only such nodes are left, the pod waits': {
      sight: given({
        pods: [p1],
        nodes: [givenNode('a')],
        avoid: new Map([['default/app/front', new Set(['a'])]]),
      }),
      want: ['p1 waits: InfeasiblePin'],
    },
    'the newest plan is in force': {
      sight: given({ plans: [givenPlan({ front: [['a']] }, { window: 2 }), plan], pods: [p1] }),
      want: ['p1→a Planned'],
    },
    'a plan that is over is not': {
      sight: given({
        plans: [
          { ...givenPlan({ front: [['a']] }, { window: 2 }), status: { phase: 'Rejected', conditions: [] } },
          plan,
        ],
        pods: [p1],
      }),
      want: ['p1→b,c Planned'],
    },
    'no more nodes are named than the DAG asks for': {
      sight: given({ plans: [plan], pods: [p1], dags: [givenDag(1)] }),
      want: ['p1→b Planned'],
    },
    'users in a region that is gone keep nobody from running': {
      sight: given({
        pods: [givenPod('p1', { region: 'south' })],
        region: 'south',
        nodes: [givenNode('s1', { region: 'south' })],
        regions: [givenRegion('south')],
      }),
      want: ['p1→s1 NoPlan'],
    },
  };
  for (const [name, { sight, want }] of Object.entries(cases)) {
    it(name, () => assert.deepEqual(decide(sight).map(said), want));
  }

  it('says what is missing on how many nodes', () => {
    const nodes = [
      givenNode('a', { cpu: '500m' }),
      givenNode('b', { cpu: '500m' }),
      givenNode('c', { ready: false }),
    ];
    const [decision] = decide(given({ pods: [p1], nodes }));
    assert.equal(
      decision?.kind === 'wait' && decision.message.includes('room for cpu on 2, node.ready on 1'),
      true,
    );
  });

  it('places a callee next to its caller when nothing else speaks against it', () => {
    const nodes = [givenNode('a'), givenNode('b'), givenNode('c')];
    const pods = [bound(p1, 'c'), givenPod('p2', { microservice: 'back' })];
    const dag = givenDag();
    const dags = [{ ...dag, spec: { ...dag.spec, qos: { ...dag.spec.qos, maxLatency: '8ms' } } }];
    assert.match(said(decide(given({ pods, nodes, dags }))[0]!), /^p2→c/);
  });

  it('keeps to the node terms that the template requires, although the pod does not carry them', () => {
    const dag = structuredClone(givenDag());
    for (const { template } of dag.spec.microservices) {
      template.spec.affinity = {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }],
          },
        },
      };
    }
    assert.match(said(decide(given({ pods: [p1], dags: [dag] }))[0]!), /^p1→c /);
  });
});
