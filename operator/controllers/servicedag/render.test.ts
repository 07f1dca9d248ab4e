import assert from 'node:assert/strict';
import fc from 'fast-check';
import { givenDag, givenPlan } from '../../given.ts';
import type { CachedDag } from '../../objects.ts';
import { APPLIED_HASH, boundedName, deployments, services } from './render.ts';

type Template = { metadata: Record<string, unknown>; spec: Record<string, unknown> };

const withTemplate = (spec: object): CachedDag => {
  const dag = givenDag();
  const [front] = dag.spec.microservices;
  const template = { metadata: { labels: { mine: 'yes' } }, spec: { ...front!.template.spec, ...spec } };
  return { ...dag, spec: { ...dag.spec, microservices: [{ ...front!, template }] } };
};
const templateOf = (dag: CachedDag): Template =>
  deployments(dag, givenPlan({ front: ['a'] }))[0]!.spec.template as Template;

describe('render', () => {
  it('makes one Deployment for each microservice and region, with as many replicas as the plan puts there', () => {
    const made = deployments(givenDag(), givenPlan({ front: ['a', 'b', 'b'], back: ['a'] }));
    assert.deepEqual(
      made.map(({ metadata, spec }) => [metadata.name, spec.replicas]),
      [
        ['app-front-north', 3],
        ['app-back-north', 1],
      ],
    );
  });

  it('gates pods for our scheduler, with a decision to be filled in and the labels of their place', () => {
    const { metadata, spec } = templateOf(withTemplate({}));
    assert.deepEqual(metadata, {
      labels: {
        mine: 'yes',
        'edgeloom.dev/dag': 'app',
        'edgeloom.dev/microservice': 'front',
        'edgeloom.dev/region': 'north',
        'edgeloom.dev/slice': 'immersive',
      },
      annotations: { 'edgeloom.dev/decision': '' },
    });
    assert.equal(spec['schedulerName'], 'edgeloom');
    assert.deepEqual(spec['schedulingGates'], [{ name: 'edgeloom.dev/placement' }]);
    assert.equal(spec['affinity'], undefined);
  });

  it('leaves out required node affinity, which is the agent’s to write, and nothing else of it', () => {
    const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, preference: {} }];
    const required = { nodeSelectorTerms: [] };
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: required,
      preferredDuringSchedulingIgnoredDuringExecution,
    };
    const { spec } = templateOf(withTemplate({ affinity: { nodeAffinity, podAntiAffinity: {} } }));
    assert.deepEqual(spec['affinity'], {
      podAntiAffinity: {},
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution },
    });
  });

  it('gives up a lost node after 5 s, unless the template says when', () => {
    const own = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', tolerationSeconds: 60 };
    const { spec } = templateOf(withTemplate({ tolerations: [own] }));
    assert.deepEqual(spec['tolerations'], [
      own,
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
    ]);
  });

  it('tells each container where to dial what it calls, unless the template says so itself', () => {
    const env = (own: object[]): unknown => {
      const containers = [{ name: 'main', image: 'demo:1', env: own }];
      const { spec } = templateOf(withTemplate({ containers }));
      return (spec['containers'] as { env: unknown }[])[0]!.env;
    };
    const dial = { name: 'DAG_UPSTREAM_BACK', value: 'app-front-to-back-immersive.default.svc:80' };
    assert.deepEqual(env([{ name: 'A', value: 'b' }]), [{ name: 'A', value: 'b' }, dial]);
    assert.deepEqual(env([{ name: dial.name, value: 'mine' }]), [{ name: dial.name, value: 'mine' }]);
  });

  it('names the port of each Service after its microservice', () => {
    const [front] = services(givenDag());
    assert.equal(front!.metadata.name, 'app-front');
    assert.deepEqual(front!.spec.ports, [{ name: 'app', port: 8080, targetPort: 8080, protocol: 'TCP' }]);
  });

  it('has one hash for one content', () => {
    const hash = (dag: CachedDag): string =>
      deployments(dag, givenPlan({ front: ['a'] }))[0]!.metadata.annotations?.[APPLIED_HASH] ?? '';
    assert.equal(hash(givenDag()), hash(givenDag()));
    assert.notEqual(hash(givenDag()), hash(withTemplate({ hostname: 'x' })));
  });

  it('never makes a name beyond 63 characters, nor one name of two', () => {
    const word = fc.stringMatching(/^[a-z]{1,40}$/);
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const [one, two] = [boundedName(a, b, c), boundedName(a, b, d)];
        return one.length <= 63 && (c === d) === (one === two);
      }),
    );
  });
});
