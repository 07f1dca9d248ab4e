import assert from 'node:assert/strict';
import { TYPES } from './types.ts';
import { ENVOY, resourcesOf } from './resources.ts';
import type { XdsEdge } from './resources.ts';

const edge = (over: Partial<XdsEdge> = {}): XdsEdge => ({
  id: 'default/front',
  names: ['front.default.svc'],
  protocol: 'HTTP',
  weights: new Map([['a', 9_999], ['b', 1], ['c', 0]]), // prettier-ignore
  endpoints: new Map([['a', [{ address: '10.0.0.1', port: 80 }]], ['c', []]]), // prettier-ignore
  ...over,
});

describe('resourcesOf', () => {
  it('keeps the cluster of a group that has left the route, and names no group of weight 0', () => {
    const made = resourcesOf([edge()]);
    assert.deepEqual([...(made.get(TYPES.cluster)?.keys() ?? [])].toSorted(), ['a', 'b', 'c'].map((g) => `default/front/${g}`)); // prettier-ignore
    const routes = JSON.stringify(made.get(TYPES.route)?.get('default/front')?.body);
    assert.match(routes, /front\/a","weight":\{"value":9999/);
    assert.doesNotMatch(routes, /front\/c/);
  });

  it('gives the same versions to the same edges, in any order, and new ones only to what changed', () => {
    const [one, two] = [edge(), edge({ id: 'default/other' })];
    const versions = (edges: XdsEdge[], type: keyof typeof TYPES): string[] =>
      [...(resourcesOf(edges).get(TYPES[type]) ?? [])]
        .map(([name, { version }]) => `${name} ${version}`)
        .toSorted();
    for (const type of ['cluster', 'endpoints', 'listener', 'route'] as const)
      assert.deepEqual(versions([one, two], type), versions([two, one], type));
    const changed = edge({ id: 'default/other', weights: new Map([['a', 10_000]]) });
    const before = versions([one, two], 'route');
    const differ = versions([one, changed], 'route').filter((row) => !before.includes(row));
    assert.deepEqual(
      differ.map((row) => row.split(' ')[0]),
      ['default/other', ENVOY],
    );
  });

  it('speaks HTTP/2 to gRPC replicas, and carries no TCP or UDP', () => {
    const body = (protocol: XdsEdge['protocol']): string =>
      JSON.stringify([
        ...(resourcesOf([edge({ protocol })])
          .get(TYPES.cluster)
          ?.values() ?? []),
      ]);
    assert.match(body('GRPC'), /http2_protocol_options/);
    assert.doesNotMatch(body('HTTP'), /http2_protocol_options/);
    assert.equal(body('TCP'), '[]');
    assert.equal(body('UDP'), '[]');
  });
});
