import assert from 'node:assert/strict';
import { snapshotOf } from '#world/snapshot.ts';
import { givenDag, givenLease, givenNode, givenPod, givenRegion, NOON } from '../../given.ts';
import type { CachedNode, CachedRegion, Lease } from '../../objects.ts';
import { regionStatus } from './decide.ts';

interface Case {
  readonly region?: CachedRegion;
  readonly others?: readonly CachedRegion[];
  readonly nodes?: readonly CachedNode[];
  readonly lease?: Lease | undefined;
  readonly networked?: Parameters<typeof regionStatus>[0]['networked'];
}

const statusIn = (tc: Case, region = tc.region ?? givenRegion('north')): ReturnType<typeof regionStatus> => {
  const { others = [], nodes = [givenNode('a'), givenNode('b')] } = tc;
  const pods = [givenPod('front', { node: 'a' })];
  const objects = { nodes, regions: [region, ...others], dags: [givenDag()], pods, nowMs: NOON };
  const lease = 'lease' in tc ? tc.lease : givenLease('north');
  return regionStatus({ region, snapshot: snapshotOf(objects), lease, nowMs: NOON, networked: tc.networked });
};

describe('decide about an EdgeRegion', () => {
  const to = (end: string): CachedRegion =>
    givenRegion('north', {
      topology: { links: [{ from: 'north', to: end, latency: '1ms', bandwidth: '1G' }] },
    });
  const cases: Record<string, { given: Case; type: string; want: RegExp }> = {
    'it is ready with nodes and an agent': {
      given: {},
      type: 'Ready',
      want: /^True Ready 2 nodes take pods$/,
    },
    'without an agent it says how to run one': {
      given: { lease: undefined },
      type: 'AgentReady',
      want: /^False NoAgent .*edgeloom agent --region north/,
    },
    'a pool that is not there is told': {
      given: { networked: { status: 'False', reason: 'NoCalico', message: 'why' } },
      type: 'Networked',
      want: /^False NoCalico why$/,
    },
    'an agent that renewed 15 s ago is there': {
      given: { lease: givenLease('north', 15_000) },
      type: 'AgentReady',
      want: /^True LeaseHeld/,
    },
    'an agent that has not renewed for longer is away': {
      given: { lease: givenLease('north', 15_001) },
      type: 'AgentReady',
      want: /^False AgentAway agent-0 /,
    },
    'an agent that gave its Lease back is none': {
      given: { lease: givenLease('north', 0, '') },
      type: 'AgentReady',
      want: /^False NoAgent/,
    },
    'a link to nowhere is named': {
      given: { region: to('mars') },
      type: 'Accepted',
      want: /^False UnknownLinkEnd .*"mars"/,
    },
    'a node in two regions is named': {
      given: {
        others: [givenRegion('twin', { nodeSelector: { matchLabels: { 'edgeloom.dev/region': 'north' } } })],
      },
      type: 'Ready',
      want: /^False NodeInTwoRegions Node a .*north and twin/,
    },
    'a region without nodes says so': {
      given: { nodes: [] },
      type: 'Ready',
      want: /^False RegionWithoutNodes/,
    },
    'a region that no way leads to is ready, and named': {
      given: { others: [givenRegion('island', { nodeSelector: { matchLabels: { i: 'x' } } })] },
      type: 'Ready',
      want: /^True UnreachableRegions .*no way connects north and island/,
    },
    'a lost node at the end of a link is named': {
      given: { region: to('a'), nodes: [givenNode('a', { ready: false }), givenNode('b')] },
      type: 'Ready',
      want: /LostNode.*node a is not ready/,
    },
    'nodes of which none is ready take nothing': {
      given: { nodes: [givenNode('a', { ready: false })] },
      type: 'Ready',
      want: /^False NoReadyNode/,
    },
  };
  for (const [name, { given, type, want }] of Object.entries(cases)) {
    it(name, () => {
      const found = statusIn(given).conditions?.find((condition) => condition.type === type);
      assert.match(`${found?.status} ${found?.reason} ${found?.message}`, want);
    });
  }

  it('adds up what nodes offer and what runs on them', () => {
    const { nodes, capacity, allocated } = statusIn({});
    assert.equal(nodes, 2);
    assert.deepEqual(capacity, { cpu: '8', memory: '16384Mi', pods: '220' });
    assert.deepEqual(allocated, { cpu: '1', memory: '1024Mi', pods: '1' });
  });

  it('says the same of its own status', () => {
    const region = givenRegion('north');
    const status = statusIn({}, region);
    assert.deepEqual(statusIn({}, { ...region, status }), status);
  });
});
