import assert from 'node:assert/strict';
import fc from 'fast-check';
import { givenDag, givenPlan, givenPod, givenRegion, NOON } from '../../given.ts';
import type { Attempt } from './attempt.ts';
import { decide } from './decide.ts';
import type { Input } from './input.ts';

const bound = [givenPod('front', { node: 'a' }), givenPod('back', { node: 'b' })];
const plain: Input = {
  dag: givenDag(),
  regions: [givenRegion('north')],
  readyNodes: new Map([
    ['a', 'north'],
    ['b', 'north'],
  ]),
  agents: new Set(['north']),
  plan: givenPlan(),
  pods: bound,
  nowMs: NOON + 60_000,
  supply: 1,
  last: undefined,
  ground: { now: 'r/1', before: 'r/1' },
  wanted: undefined,
  windowMs: 600_000,
};
const given = (over: Partial<Input> = {}): Input => ({ ...plain, ...over });
const tried = (over: Partial<Attempt> = {}): Attempt => ({
  atMs: NOON + 59_900,
  generation: 1,
  outcome: 'planned',
  supply: 1,
  ground: 'r/1',
  replicas: { front: 1, back: 1 },
  tries: 1,
  ...over,
});
const dag = givenDag();
const edited = { ...dag, metadata: { ...dag.metadata, generation: 2 } };
const wide = {
  ...dag,
  spec: {
    ...dag.spec,
    microservices: dag.spec.microservices.map((m) => ({ ...m, replicas: { min: 1, max: 4 } })),
  },
};
const deleted = { ...dag, metadata: { ...dag.metadata, deletionTimestamp: '2026-11-23T12:00:00Z' } };
const edges = (...pairs: [string, string][]): Input['dag'] => ({
  ...dag,
  spec: { ...dag.spec, edges: pairs.map(([from, to]) => ({ ...dag.spec.edges[0]!, from, to })) },
});
const gated = [givenPod('front'), bound[1]!];
const oneLost = new Map([['b', 'north']]);

describe('decide about a ServiceDAG', () => {
  const cases: Record<string, { input: Input; want: string }> = {
    'a plan that holds is left alone': { input: given(), want: 'hold' },
    'without a plan one is made, and what is bound stays': {
      input: given({ plan: undefined }),
      want: 'plan NoPlan keep',
    },
    'without a plan or a bound pod everything is free': {
      input: given({ plan: undefined, pods: [] }),
      want: 'plan NoPlan',
    },
    'a changed spec needs another plan': { input: given({ dag: edited }), want: 'plan SpecChanged keep' },
    'a changed spec does not wait for what an earlier one has to wait for': {
      input: given({ dag: edited, last: tried({ outcome: 'infeasible' }) }),
      want: 'plan SpecChanged keep',
    },
    'a lost node needs another plan': { input: given({ readyNodes: oneLost }), want: 'plan NodeLost keep' },
    'a node that went to another region is lost': {
      input: given({ readyNodes: new Map([...plain.readyNodes, ['a', 'south']]) }),
      want: 'plan NodeLost keep',
    },
    'a lost node does not wait long for an earlier plan': {
      input: given({ readyNodes: oneLost, last: tried() }),
      want: 'wait NodeLost 100',
    },
    'a pod that its agent cannot place needs another plan': {
      input: given({ pods: gated }),
      want: 'plan PodsWait keep',
    },
    'a pod that has waited for five seconds still waits': {
      input: given({ pods: gated, nowMs: NOON + 5_000 }),
      want: 'hold',
    },
    'a pod whose agent is away waits for it, or for the reaper': {
      input: given({ pods: gated, agents: new Set() }),
      want: 'hold',
    },
    'a pod that waits in spite of a new plan waits for a change': {
      input: given({ pods: gated, last: tried({ atMs: NOON + 50_000 }) }),
      want: 'wait PodsWait 5000',
    },
    'and is planned anew when there is one': {
      input: given({ pods: gated, supply: 2, last: tried({ atMs: NOON + 50_000 }) }),
      want: 'plan PodsWait keep',
    },
    'what was infeasible waits for 15 s': {
      input: given({ plan: undefined, last: tried({ outcome: 'infeasible' }) }),
      want: 'wait NoPlan 14900',
    },
    'or for the world to change': {
      input: given({
        plan: undefined,
        supply: 2,
        last: tried({ outcome: 'infeasible', atMs: NOON + 59_000 }),
      }),
      want: 'plan NoPlan keep',
    },
    'a planner that was away twice is left alone for 4 s': {
      input: given({ plan: undefined, last: tried({ outcome: 'unavailable', tries: 2 }) }),
      want: 'wait NoPlan 3900',
    },
    'and never for longer than 30 s': {
      input: given({ plan: undefined, last: tried({ outcome: 'unavailable', tries: 60 }) }),
      want: 'wait NoPlan 29900',
    },
    'a plan that was said to be infeasible and holds now is left alone': {
      input: given({ last: tried({ outcome: 'infeasible' }) }),
      want: 'hold',
    },
    'a plan is looked over when its window ends': {
      input: given({ nowMs: NOON + 600_001 }),
      want: 'plan WindowOver keep',
    },
    'and again a window later': {
      input: given({ nowMs: NOON + 6_000_000, last: tried({ atMs: NOON + 5_400_000 }) }),
      want: 'hold',
    },
    'a load that wants more replicas needs another plan': {
      input: given({ wanted: { front: 3, back: 1 } }),
      want: 'plan LoadGrew keep front 3',
    },
    'what was asked for in vain waits for the window': {
      input: given({ wanted: { front: 3, back: 1 }, last: tried({ replicas: { front: 3, back: 1 } }) }),
      want: 'hold',
    },
    'a load that wants fewer waits for it too': {
      input: given({ plan: givenPlan({ front: ['a', 'a'], back: ['b'] }), wanted: { front: 1, back: 1 } }),
      want: 'hold',
    },
    'and gets them then': {
      input: given({
        dag: wide,
        plan: givenPlan({ front: ['a', 'a'], back: ['b'] }),
        wanted: { front: 1, back: 1 },
        nowMs: NOON + 600_001,
      }),
      want: 'plan WindowOver keep',
    },
    'another plan for another reason keeps as many as there are': {
      input: given({
        dag: wide,
        plan: givenPlan({ front: ['a', 'a'], back: ['b'] }),
        wanted: { front: 1, back: 1 },
        readyNodes: oneLost,
      }),
      want: 'plan NodeLost keep front 2',
    },
    'without measurements as many as there are stay': {
      input: given({
        dag: wide,
        plan: givenPlan({ front: ['a', 'a'], back: ['b'] }),
        nowMs: NOON + 600_001,
      }),
      want: 'plan WindowOver keep front 2',
    },
    'a region that was edited needs another plan': {
      input: given({ ground: { now: 'r/2', before: 'r/1' } }),
      want: 'plan RegionChanged keep',
    },
    'which waits a little for further edits': {
      input: given({ ground: { now: 'r/2', before: 'r/1' }, last: tried({ atMs: NOON + 59_000 }) }),
      want: 'wait RegionChanged 4000',
    },
    'a cycle is refused': {
      input: given({ dag: edges(['front', 'back'], ['back', 'front']) }),
      want: 'refuse Cycle',
    },
    'an edge to nowhere is refused': {
      input: given({ dag: edges(['front', 'away']) }),
      want: 'refuse DanglingEdge',
    },
    'a service that calls itself is refused': {
      input: given({ dag: edges(['back', 'back']) }),
      want: 'refuse SelfCall',
    },
    'users in an unknown region are refused': { input: given({ regions: [] }), want: 'refuse UnknownRegion' },
    'users on an unknown band are refused': {
      input: given({ dag: givenDag({ ingress: [{ region: 'north', band: 'lte' }] }) }),
      want: 'refuse UnknownBand',
    },
    'a DAG on its way out is cleaned up, whatever else is true': {
      input: given({ dag: deleted, regions: [], plan: undefined }),
      want: 'cleanup',
    },
  };
  const said = (input: Input): string => {
    const decision = decide(input);
    switch (decision.kind) {
      case 'plan':
        return [
          `plan ${decision.why}${decision.keep ? ' keep' : ''}`,
          ...Object.entries(decision.replicas).flatMap(([name, count]) =>
            count > 1 ? [`${name} ${count}`] : [],
          ),
        ].join(' ');
      case 'wait':
        return `wait ${decision.why} ${decision.afterMs}`;
      case 'refuse':
        return `refuse ${decision.reason}`;
      default:
        return decision.kind;
    }
  };
  for (const [name, { input, want }] of Object.entries(cases))
    it(name, () => assert.equal(said(input), want));

  it('asks for no plan twice while nothing changes, whatever came of the first time', () => {
    const attempt = fc.record({
      atMs: fc.integer({ min: NOON + 10_000, max: NOON + 60_000 }),
      generation: fc.constant(1),
      outcome: fc.constantFrom('infeasible' as const, 'unavailable' as const),
      supply: fc.constant(1),
      ground: fc.constant('r/1'),
      replicas: fc.constant({}),
      tries: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(attempt, fc.integer({ min: 0, max: 1_900 }), (last, sinceMs) => {
        const decision = decide(given({ plan: undefined, last, nowMs: last.atMs + sinceMs }));
        return decision.kind === 'wait' && decision.afterMs > 0 && decision.afterMs <= 30_000;
      }),
    );
  });
});
