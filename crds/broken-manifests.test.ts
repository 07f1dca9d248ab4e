import assert from 'node:assert/strict';
import { parseText } from './parse.ts';

// The mistakes of three published examples of kubernetes-sigs/scheduler-plugins (Apache-2.0), re-expressed in our resources:
// manifests/networktopology/networkTopology-example.yaml has fields that its CRD lacks; manifests/appgroup/
// onlineBoutique-appGroup-example.yaml is no YAML and, once mended, has a cycle. Theirs were accepted or failed without a word.

/** Fields that sound right and are not there: weights and a config map of the other project's topology. */
const topologyOfAnotherProject = `apiVersion: edgeloom.dev/v1alpha1
kind: EdgeRegion
metadata:
  name: us-west-1
spec:
  configmapName: netperfMetrics
  nodeSelector:
    matchLabels: {topology.kubernetes.io/region: us-west-1}
  topology:
    weights:
      - name: UserDefined
    links:
      - from: us-west-1
        to: us-east-1
        networkCost: 20
        bandwidthCapacity: 1Gi
        latency: 20ms
`;

const services = [
  'frontend',
  'cart',
  'catalog',
  'currency',
  'payment',
  'shipping',
  'email',
  'checkout',
  'recommendation',
  'ads',
  'redis',
];
const calls = [
  'frontend>ads',
  'frontend>recommendation',
  'frontend>catalog',
  'frontend>cart',
  'frontend>shipping',
  'frontend>currency',
  'frontend>checkout',
  'recommendation>catalog',
  'checkout>payment',
  'checkout>email',
  'checkout>shipping',
  'checkout>cart',
  'cart>redis',
];

/** The eleven services of the boutique; line 7 is the first service, line 19 the first edge. */
function boutique(edges: readonly string[], indent = '    '): string {
  const head =
    'apiVersion: edgeloom.dev/v1alpha1\nkind: ServiceDAG\nmetadata:\n  name: boutique\nspec:\n  microservices:\n';
  const nodes = services.map(
    (name) => `    - {name: ${name}, template: {spec: {containers: [{name: server}]}}}\n`,
  );
  const lines = edges.map((edge, i) => {
    const [from, to] = edge.split('>');
    return `${i === 2 ? indent : '    '}- {from: ${from}, to: ${to}}\n`;
  });
  return `${head}${nodes.join('')}  edges:\n${lines.join('')}`;
}

describe('manifests that others accept in silence', () => {
  it('a topology with fields that are not there: each is named with its line and what there is', () => {
    assert.throws(
      () => parseText(topologyOfAnotherProject, 'topology.yaml'),
      (error: Error) => {
        const lines = error.message.split('\n').map((line) => line.split(': ').slice(0, 3).join(' '));
        assert.deepEqual(lines, [
          'topology.yaml:6 EdgeRegion us-west-1 spec.configmapName',
          'topology.yaml:10 EdgeRegion us-west-1 spec.topology.weights',
          'topology.yaml:13 EdgeRegion us-west-1 spec.topology.links[0].bandwidth',
          'topology.yaml:15 EdgeRegion us-west-1 spec.topology.links[0].networkCost',
          'topology.yaml:16 EdgeRegion us-west-1 spec.topology.links[0].bandwidthCapacity',
        ]);
        assert.match(
          error.message,
          /unknown field "networkCost"; known: from, to, latency, jitter, bandwidth/,
        );
        return true;
      },
    );
  });

  it('an application that is no YAML: the line is named', () => {
    assert.throws(() => parseText(boutique(calls, '   '), 'boutique.yaml'), {
      message: /^boutique\.yaml:2[01]: YAML error/,
    });
  });

  it('the same one mended, with its cycle: the cycle is named in order', () => {
    assert.throws(() => parseText(boutique([...calls, 'shipping>checkout']), 'boutique.yaml'), {
      message:
        'boutique.yaml:32: ServiceDAG default/boutique: spec.edges[13]: cycle shipping → checkout → shipping; ' +
        'remove one of these calls: a request must come to an end',
    });
  });

  it('the acyclic graph of eleven services is accepted', () => {
    assert.equal(parseText(boutique(calls), 'boutique.yaml').serviceDAGs[0]?.spec.edges.length, calls.length);
  });
});
