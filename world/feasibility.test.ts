import assert from 'node:assert/strict';
import { failedCheck, lackingResource, tolerates } from './feasibility.ts';
import { dag, given, node, region, service } from './test-world.ts';
import type { Item } from './test-world.ts';

const taint = (effect: string, value = 'yes'): Item => ({ taints: [{ key: 'gpu', value, effect }] });
const affinity = (...nodeSelectorTerms: Item[]): Item => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const wants = (key: string, operator: string, ...values: string[]): Item => ({
  matchExpressions: [{ key, operator, values }],
});

/** Why node n1 does not take a pod; undefined when it does. `runs`: the pod is there already. */
function refusal(facts: Parameters<typeof node>[1], pod: Item = {}, runs = false): string | undefined {
  const instance = given([
    region('r'),
    node('n1', facts),
    dag('d', { slice: 'xr', microservices: [service('a', { pod })] }),
  ]);
  const host = instance.snapshot.hosts[0]!;
  return failedCheck({ host, slice: 'xr', template: instance.services[0]!.template }, runs)?.name;
}

describe('whether a node takes a replica', () => {
  const cases: Record<string, { found: string | undefined; want: string | undefined }> = {
    'a plain node takes a plain pod': { found: refusal({}), want: undefined },
    'a cordoned node takes nothing new': {
      found: refusal({ spec: { unschedulable: true } }),
      want: 'NodeSchedulable',
    },
    'but keeps what runs': { found: refusal({ spec: { unschedulable: true } }, {}, true), want: undefined },
    'a lost node takes nothing and keeps nothing': {
      found: refusal({ status: { conditions: [{ type: 'Ready', status: 'False' }] } }, {}, true),
      want: 'NodeReady',
    },
    'a node that is ready is': {
      found: refusal({ status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
      want: undefined,
    },
    'a selector must match': { found: refusal({}, { nodeSelector: { disk: 'ssd' } }), want: 'NodeSelector' },
    'and does': {
      found: refusal({ labels: { disk: 'ssd' } }, { nodeSelector: { disk: 'ssd' } }),
      want: undefined,
    },
    'affinity: In': {
      found: refusal({ labels: { z: 'a' } }, affinity(wants('z', 'In', 'b'))),
      want: 'NodeAffinity',
    },
    'affinity: one of two terms is enough': {
      found: refusal({ labels: { z: 'a' } }, affinity(wants('z', 'In', 'b'), wants('z', 'Exists'))),
      want: undefined,
    },
    'affinity: NotIn holds for a label that is not there': {
      found: refusal({}, affinity(wants('z', 'NotIn', 'b'))),
      want: undefined,
    },
    'affinity: DoesNotExist': {
      found: refusal({ labels: { z: 'a' } }, affinity(wants('z', 'DoesNotExist'))),
      want: 'NodeAffinity',
    },
    'affinity: Gt compares numbers': {
      found: refusal({ labels: { cores: '16' } }, affinity(wants('cores', 'Gt', '9'))),
      want: undefined,
    },
    'affinity: Lt compares numbers': {
      found: refusal({ labels: { cores: '16' } }, affinity(wants('cores', 'Lt', '9'))),
      want: 'NodeAffinity',
    },
    'affinity: the name of the node': {
      found: refusal(
        {},
        affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }),
      ),
      want: undefined,
    },
    'affinity: an empty term matches nothing': { found: refusal({}, affinity({})), want: 'NodeAffinity' },
    'a NoSchedule taint keeps out': {
      found: refusal({ spec: taint('NoSchedule') }),
      want: 'TaintsTolerated',
    },
    'and lets stay': { found: refusal({ spec: taint('NoSchedule') }, {}, true), want: undefined },
    'a NoExecute taint does neither': {
      found: refusal({ spec: taint('NoExecute') }, {}, true),
      want: 'EvictingTaintsTolerated',
    },
    'PreferNoSchedule is a wish': { found: refusal({ spec: taint('PreferNoSchedule') }), want: undefined },
    'a tolerated taint does not keep out': {
      found: refusal({ spec: taint('NoSchedule') }, { tolerations: [{ key: 'gpu', value: 'yes' }] }),
      want: undefined,
    },
    'a slice it does not name keeps out': { found: refusal({ slices: 'iot' }), want: 'SliceHosted' },
    'no slices named are all': { found: refusal({}), want: undefined },
    'an empty list of slices is none': { found: refusal({ slices: '' }), want: 'SliceHosted' },
  };
  for (const [name, { found, want }] of Object.entries(cases)) it(name, () => assert.equal(found, want));
});

describe('tolerations', () => {
  const gpu = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
  const cases = {
    'equal key and value': { toleration: { key: 'gpu', value: 'yes' }, want: true },
    'another value': { toleration: { key: 'gpu', value: 'no' }, want: false },
    'Exists takes any value': { toleration: { key: 'gpu', operator: 'Exists' }, want: true },
    'another effect': { toleration: { key: 'gpu', operator: 'Exists', effect: 'NoExecute' }, want: false },
    'no key with Exists takes all': { toleration: { operator: 'Exists' }, want: true },
    'no key without Exists takes none': { toleration: { value: 'yes' }, want: false },
  } as const;
  for (const [name, { toleration, want }] of Object.entries(cases))
    it(name, () => assert.equal(tolerates([toleration], gpu), want));
});

describe('room', () => {
  it('holds with equality, for every resource, and a pod takes one of pods', () => {
    const resources = ['cpu', 'memory', 'pods'];
    const free = Float64Array.of(1000, 5, 1, 999, 6, 0);
    const lacking = (host: number, ...request: number[]): string | undefined =>
      lackingResource(resources, free, host, request);
    assert.deepEqual(
      [
        lacking(0, 1000, 5, 1),
        lacking(0, 1000, 6, 1),
        lacking(1, 1000, 0, 0),
        lacking(1, 1, 1, 1),
        lacking(1, 1, 1, 0),
      ],
      [undefined, 'memory', 'cpu', 'pods', undefined],
    );
  });

  it('every resource in allocatable counts; one that is not there is none', () => {
    const instance = given([
      region('r'),
      node('n1', { allocatable: { 'example.com/npu': '1' } }),
      node('n2'),
      node('n3', { allocatable: { pods: '0' } }),
      dag('d', { microservices: [service('a', { requests: { 'example.com/npu': '1' } })] }),
    ]);
    assert.deepEqual([...instance.services[0]!.hosts], [0]);
    const excluded = new Map([['template.spec.containers.resources.requests.example.com/npu', 2]]);
    assert.deepEqual(instance.services[0]!.excluded, excluded);
  });
});
