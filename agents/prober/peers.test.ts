import assert from 'node:assert/strict';
import { edgeRegionSpec } from '#crds/edgeregion.ts';
import type { EdgeRegion, EdgeRegionSpecInput } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import { peersOf } from './peers.ts';
import { Rotation } from './rotation.ts';

const node = (name: string, region: string, address?: string, over: object = {}): KubeNode => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { region } },
  status: { ...(address === undefined ? {} : { addresses: [{ type: 'InternalIP', address }] }), ...over },
});
const region = (name: string, topology: EdgeRegionSpecInput['topology'] = {}): EdgeRegion => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'EdgeRegion',
  metadata: { name },
  spec: edgeRegionSpec.parse({ nodeSelector: { matchLabels: { region: name } }, topology }),
});
const NAMES = ['north', 'south', 'west'];
const fleet = (perRegion: number): KubeNode[] =>
  NAMES.flatMap((name, r) =>
    Array.from({ length: perRegion }, (_, i) => node(`${name}-${i}`, name, `10.${r}.0.${i + 1}`)),
  );
const names = (peers: readonly { name: string }[]): string[] => peers.map(({ name }) => name);

describe('whom a node probes', () => {
  it('is one node of each region first, then every other, all of them once', () => {
    const { first, rest } = peersOf('north-0', fleet(20), NAMES.map((name) => region(name)), 4); // prettier-ignore
    assert.deepEqual(new Set(first.map(({ name }) => name.split('-')[0])), new Set(NAMES));
    assert.equal(first.length, NAMES.length);
    assert.equal(new Set([...names(first), ...names(rest)]).size, 59);
    assert.equal(first.length + rest.length, 59);
    assert.ok(!names([...first, ...rest]).includes('north-0'));
  });

  it('is the other end of its own links first', () => {
    const links = [
      { from: 'north-0', to: 'west-7', latency: '1ms', bandwidth: '1G' },
      { from: 'south-3', to: 'north-0', latency: '1ms', bandwidth: '1G', oneWay: true },
    ];
    const regions = [region('north', { links }), region('south'), region('west')];
    const first = names(peersOf('north-0', fleet(20), regions, 4).first);
    assert.ok(first.includes('west-7') && first.includes('south-3'), first.join());
  });

  it('differs from node to node, and is the same for one node however the lists are ordered', () => {
    const regions = NAMES.map((name) => region(name));
    const of = (self: string, nodes = fleet(20)) => peersOf(self, nodes, regions, 4);
    const chosen = new Set(
      fleet(20).map(({ metadata }) => names(of(metadata.name).first).find((n) => n.startsWith('south'))),
    );
    assert.ok(chosen.size > 10, `${chosen.size} nodes of south are chosen`);
    assert.deepEqual(of('north-1'), of('north-1', fleet(20).toReversed()));
  });

  it('leaves out nodes that are not Ready, are deleted, or have no address, and names the last', () => {
    const lost = { conditions: [{ type: 'Ready', status: 'Unknown' }] };
    const nodes = [
      node('self', 'north', '10.0.0.1'),
      node('lost', 'north', '10.0.0.2', lost),
      node('bare', 'north'),
      node('odd', 'north', undefined, { addresses: 'none' }),
      node('name', 'north', 'not an address'),
      node('same', 'north', '10.0.0.1'),
      node('six', 'north', 'fd00::1'),
      node('good', 'nowhere', '10.0.0.9'),
    ];
    const { first, rest, unaddressed } = peersOf('self', nodes, [region('north')], 4);
    assert.deepEqual([names(first), names(rest)], [[], ['good']]);
    assert.deepEqual(unaddressed, ['bare', 'name', 'odd', 'six']);
    const six = peersOf('self', [node('a', 'north', 'FD00:0::0001')], [region('north')], 6);
    assert.equal(six.first[0]?.address, 'fd00::1');
  });
});

describe('the rotation', () => {
  const peer = (name: string) => ({ name, address: name });
  const turns = (rotation: Rotation, count: number): string[] =>
    Array.from({ length: count }, () => rotation.next()?.name ?? '-');

  it('gives three looks of four to those that come first, and reaches everybody', () => {
    const rotation = new Rotation();
    rotation.follow({ first: ['a', 'b'].map(peer), rest: ['x', 'y', 'z'].map(peer), unaddressed: [] });
    assert.deepEqual(turns(rotation, 12).join(''), 'abaxbabyabaz');
  });

  it('goes on with whoever there is', () => {
    const rotation = new Rotation();
    assert.deepEqual(turns(rotation, 2), ['-', '-']);
    rotation.follow({ first: [peer('a')], rest: [], unaddressed: [] });
    assert.deepEqual(turns(rotation, 5).join(''), 'aaaaa');
    rotation.follow({ first: [], rest: ['x', 'y'].map(peer), unaddressed: [] });
    assert.deepEqual(turns(rotation, 4).join(''), 'xyxy');
  });
});
