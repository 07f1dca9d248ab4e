import assert from 'node:assert/strict';
import { givenDag, givenRegion } from '../given.ts';
import { bgpFilter, encapsulationOf, ipPool, isOverlay, overlap, slicePolicy } from './calico.ts';
import type { IpPool } from './calico.ts';
import { gatewayLatencies, regionRanks } from './region-ranks.ts';

const links = (...list: [string, string, string, boolean?][]) => ({
  topology: {
    attachment: { latency: '200us', bandwidth: '10G' },
    waypoints: ['ring'],
    links: list.map(([from, to, latency, oneWay = false]) => ({
      from,
      to,
      latency,
      bandwidth: '1G',
      oneWay,
    })),
  },
});
const regions = [
  givenRegion('a', links(['a', 'ring', '1ms'], ['a', 'c', '9ms'])),
  givenRegion('b', links(['b', 'ring', '1ms'])),
  givenRegion('c', links(['c', 'ring', '2ms'])),
  givenRegion('d', links(['d', 'a', '1ms', true])),
];
const pool = (name: string, spec: IpPool['spec']): IpPool => ({ metadata: { name }, spec });

describe('ranks of regions', () => {
  it('follow the least latency over all links, waypoints and ways out included', () => {
    assert.deepEqual(Object.fromEntries(gatewayLatencies(regions, 'a')), { c: 3_000, b: 2_000 }); // prettier-ignore
    assert.deepEqual([...regionRanks(regions, 'a')], [['b', 0], ['c', 1]]); // prettier-ignore
    assert.deepEqual([...regionRanks(regions, 'd')], [['a', 0], ['b', 1], ['c', 2]]); // prettier-ignore
  });
});

describe('what is written to Calico', () => {
  it('is a pool for the nodes of a region, reached as the pools that were there', () => {
    const was = [pool('default', { cidr: '10.0.0.0/8', vxlanMode: 'CrossSubnet', natOutgoing: true })];
    const how = encapsulationOf(was, '10.42.16.0/20');
    assert.ok(isOverlay(how));
    assert.deepEqual(ipPool(givenRegion('north'), '10.42.16.0/20', how).spec, {
      cidr: '10.42.16.0/20',
      nodeSelector: 'edgeloom.dev/region == "north"',
      ipipMode: 'Never',
      vxlanMode: 'CrossSubnet',
      natOutgoing: true,
    });
    assert.ok(!isOverlay(encapsulationOf(was, 'fd00::/64')), 'a pool of the other family says nothing');
  });

  it('ranks networks from 1024 on, nearer ones first, and lets the rest pass', () => {
    const cidrs = new Map([['b', '10.2.0.0/16'], ['c', 'fd00:3::/64']]); // prettier-ignore
    const { spec } = bgpFilter('a', regionRanks(regions, 'a'), (name) => cidrs.get(name));
    assert.deepEqual(spec, {
      importV4: [
        {
          cidr: '10.2.0.0/16',
          matchOperator: 'In',
          action: 'Accept',
          operations: [{ setPriority: { value: 1_024 } }],
        },
        { action: 'Accept' },
      ],
      importV6: [
        {
          cidr: 'fd00:3::/64',
          matchOperator: 'In',
          action: 'Accept',
          operations: [{ setPriority: { value: 1_034 } }],
        },
        { action: 'Accept' },
      ],
    });
  });

  it('does not begin with networks that overlap', () => {
    const of = (...list: string[]): Map<string, string> => new Map(list.map((cidr, i) => [`r${i}`, cidr]));
    assert.deepEqual(overlap(of('10.0.0.0/16', '10.1.0.0/16', '10.1.128.0/17')), ['r1', 'r2']);
    assert.equal(overlap(of('10.0.0.0/16', '10.1.0.0/16', 'fd00::/64')), undefined);
  });

  it('keeps other slices away from a DAG and nobody else', () => {
    const { object } = slicePolicy(givenDag({ slice: 'xr' }));
    assert.deepEqual(object['spec'], {
      selector: 'edgeloom.dev/dag == "app" && edgeloom.dev/slice == "xr"',
      types: ['Ingress'],
      order: 500,
      ingress: [
        {
          action: 'Deny',
          source: {
            selector: 'has(edgeloom.dev/slice) && edgeloom.dev/slice != "xr"',
            namespaceSelector: 'all()',
          },
        },
        { action: 'Allow' },
      ],
    });
  });
});
