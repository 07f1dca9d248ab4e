import assert from 'node:assert/strict';
import { givenDag } from '../../given.ts';
import { PlannerUnavailable, planAnswer } from '../../planner-client.ts';
import type { PlanAnswer } from '../../planner-client.ts';
import { readPlan } from './fitting-answer.ts';
import { samePlacement } from './plan-object.ts';

const assigned = (microservice: string, replica = 0, node = 'a'): object => ({
  microservice,
  replica,
  region: 'north',
  node,
});

const given = (over: object = {}): PlanAnswer =>
  planAnswer.parse({
    dag: 'default/app',
    feasible: true,
    source: 'Search',
    method: 'greedy',
    assignments: [assigned('front'), assigned('back', 0, 'b')],
    routes: [{ from: 'front', to: 'back', paths: [{ via: ['a', 'b'], weightPpm: 1_000_000 }] }],
    violations: [],
    alternatives: [],
    elapsedMicros: 10,
    ...over,
  });

describe('readPlan', () => {
  const misfits: Record<string, { answer: object; says: RegExp }> = {
    'an answer about another DAG': { answer: { dag: 'default/other' }, says: /about default\/other/ },
    'an answer that places nothing': { answer: { assignments: [] }, says: /0 replicas of front, not 1 to 1/ },
    'an answer with too many replicas': {
      answer: { assignments: [assigned('front'), assigned('front', 1), assigned('back')] },
      says: /2 replicas of front/,
    },
    'an answer with a microservice that is not there': {
      answer: { assignments: [assigned('front'), assigned('back'), assigned('spy')] },
      says: /no microservice spy/,
    },
    'an answer with a number that no plan may have': {
      answer: { elapsedMicros: -1.5 },
      says: /makes no DeploymentPlan/,
    },
    'an answer with a node that has no name': {
      answer: { assignments: [assigned('front', 0, ''), assigned('back')] },
      says: /makes no DeploymentPlan/,
    },
  };
  for (const [name, { answer, says }] of Object.entries(misfits))
    it(`refuses ${name}, in a few words`, () => {
      assert.throws(
        () => readPlan(givenDag(), 1, given(answer)),
        (error: unknown) =>
          error instanceof PlannerUnavailable &&
          error.refused &&
          says.test(error.message) &&
          error.message.length < 500,
      );
    });

  it('names the plan after its window, with one section a region and the regions of each path', () => {
    const { metadata, spec } = readPlan(givenDag(), 7, given());
    assert.equal(metadata.name, 'app-7');
    assert.equal(metadata.ownerReferences?.[0]?.uid, 'uid-app');
    assert.deepEqual(spec.dag, { name: 'app', uid: 'uid-app', generation: 1 });
    assert.deepEqual(
      spec.regions.map(({ region, assignments }) => [region, assignments.length]),
      [['north', 2]],
    );
    assert.deepEqual(spec.regions[0]?.assignments[0]?.ranked, [{ node: 'a', sharePpm: 1_000_000 }]);
    assert.deepEqual(
      spec.routes[0]?.paths.map(({ fromRegion, toRegion }) => [fromRegion, toRegion]),
      [['north', 'north']],
    );
  });

  it('takes the largest DAG there may be', () => {
    const [front] = givenDag().spec.microservices;
    const names = Array.from({ length: 64 }, (_, i) => `service-${i}`);
    const microservices = names.map((name) => ({ ...front, name, replicas: { min: 16 } }));
    const dag = givenDag({ microservices, edges: [] } as Parameters<typeof givenDag>[0]);
    const assignments = names.flatMap((name) => Array.from({ length: 16 }, (_, i) => assigned(name, i)));
    const plan = readPlan(dag, 1, given({ assignments, routes: [] }));
    assert.equal(plan.spec.regions[0]?.assignments.length, 1024);
  });

  it('tells placements apart by nodes and paths, not by window or number of the replica', () => {
    const plan = readPlan(givenDag(), 1, given());
    assert.ok(samePlacement(plan, readPlan(givenDag(), 2, given())));
    const routes = [{ from: 'front', to: 'back', paths: [{ via: ['c', 'b'], weightPpm: 1_000_000 }] }];
    const moved = given({ assignments: [assigned('front', 0, 'c'), assigned('back', 0, 'b')], routes });
    assert.ok(!samePlacement(plan, readPlan(givenDag(), 2, moved)));
  });
});
