import assert from 'node:assert/strict';
import { routeVerdict } from './route-verdict.ts';
import type { ParentRef, RouteSeen } from './route-verdict.ts';

const gateway: ParentRef = {
  group: 'gateway.networking.k8s.io',
  kind: 'Gateway',
  namespace: 'infra',
  name: 'east-west',
  sectionName: 'http',
};
const service: ParentRef = { group: '', kind: 'Service', name: 'front', port: 80 };

const condition = (type: string, status: string, observedGeneration = 2) => ({
  type,
  status,
  reason: `${type}${status}`,
  message: 'why',
  observedGeneration,
});
const route = (parentRef: Partial<ParentRef> & { name: string }, ...conditions: object[]): RouteSeen =>
  ({
    metadata: { generation: 2, namespace: 'shop' },
    status: { parents: [{ parentRef, conditions }] },
  }) as RouteSeen;
const ok = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')];

describe('routeVerdict', () => {
  const cases: Record<string, { seen: RouteSeen | undefined; parent?: ParentRef; want: string }> = {
    'accepted and resolved at this generation': { seen: route(gateway, ...ok), want: 'accepted' },
    'no route yet': { seen: undefined, want: 'pending NoRoute' },
    'no status': { seen: { metadata: { generation: 1 } }, want: 'pending NoAnswer' },
    'an answer about an older generation': {
      seen: route(gateway, condition('Accepted', 'True', 1), condition('ResolvedRefs', 'True', 1)),
      want: 'pending NoAnswer',
    },
    'a refusal about an older generation': {
      seen: route(gateway, condition('Accepted', 'False', 1)),
      want: 'pending NoAnswer',
    },
    'a refusal': { seen: route(gateway, condition('Accepted', 'False')), want: 'rejected AcceptedFalse' },
    'half an answer': { seen: route(gateway, condition('Accepted', 'True')), want: 'pending NoAnswer' },
    'references that do not resolve': {
      seen: route(gateway, condition('Accepted', 'True'), condition('ResolvedRefs', 'False')),
      want: 'pending ResolvedRefsFalse',
    },
    "somebody else's parent": { seen: route({ ...gateway, name: 'other' }, ...ok), want: 'pending NoAnswer' },
    'another listener': {
      seen: route({ ...gateway, sectionName: 'tcp' }, ...ok),
      want: 'pending NoAnswer',
    },
    'a Service parent in the namespace of the route': {
      seen: route({ ...service, namespace: 'shop' }, ...ok),
      parent: service,
      want: 'accepted',
    },
    'defaults of group and kind': {
      seen: route({ namespace: 'infra', name: 'east-west', sectionName: 'http' }, ...ok),
      want: 'accepted',
    },
  };
  for (const [name, { seen, parent = gateway, want }] of Object.entries(cases))
    it(name, () => {
      const verdict = routeVerdict(seen, parent);
      assert.equal(verdict.kind === 'accepted' ? 'accepted' : `${verdict.kind} ${verdict.reason}`, want);
    });
});
