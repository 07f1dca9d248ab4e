import assert from 'node:assert/strict';
import { parseFiles } from '#crds/parse.ts';
import type { PlanDocument } from '../document.ts';
import type { Planner } from './server.ts';
import { startPlanner } from './server.ts';

interface Refusal {
  readonly error: string;
  readonly problems?: readonly { readonly field: string; readonly message: string }[];
}

describe('planner server', () => {
  let planner: Planner;
  let world: Record<string, unknown>;

  before(async () => {
    planner = await startPlanner({ port: 0, host: '127.0.0.1' });
    const { nodes, edgeRegions, serviceDAGs, pods } = await parseFiles(['config/samples/quickstart.yaml']);
    world = { nodes, regions: edgeRegions, dags: serviceDAGs, pods, plans: [], nowMs: 0 };
  });
  after(() => planner.close());

  const name = (): string => {
    const [dag] = world['dags'] as { metadata: { name: string; namespace: string } }[];
    return `${dag!.metadata.namespace}/${dag!.metadata.name}`;
  };

  const post = async (path: string, body: unknown): Promise<{ status: number; body: unknown }> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${planner.url}${path}`, { method: 'POST', headers, body: text });
    return { status: answer.status, body: await answer.json() };
  };

  it('plans a DAG and ranks the nodes of every replica', async () => {
    const { status, body } = await post('/v1/plans', { objects: world, dag: name(), ranks: 2 });
    assert.equal(status, 200, JSON.stringify(body));
    const plan = body as PlanDocument;
    assert.equal(plan.feasible, true);
    assert.equal(plan.dag, name());
    assert.ok(plan.assignments.length > 0);
    for (const { node, ranked } of plan.assignments) assert.equal(ranked[0]?.node, node);
  });

  it('takes live objects: managed fields, status and fields of later versions are no problem', async () => {
    const live = (object: object): object => {
      const { metadata, ...rest } = object as { metadata: object };
      const later = { managedFields: [{ manager: 'x', fieldsV1: { 'f:spec': {} } }], newFangled: { a: 1 } };
      const status = { conditions: [{ type: 'Ready', status: 'True', novel: 1 }], invented: true };
      return { status, ...rest, metadata: { ...metadata, ...later } };
    };
    const objects = Object.fromEntries(
      Object.entries(world).map(([k, v]) => [k, Array.isArray(v) ? v.map(live) : v]),
    );
    const { status, body } = await post('/v1/plans', { objects, dag: name() });
    assert.equal(status, 200, JSON.stringify(body));
  });

  it('answers 200 with violations when nothing is feasible', async () => {
    const { status, body } = await post('/v1/plans', { objects: { ...world, nodes: [] }, dag: name() });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((body as PlanDocument).feasible, false);
    assert.ok((body as PlanDocument).violations.length > 0);
  });

  it('gives the same plan for the same question', async () => {
    const ask = async (): Promise<unknown> => {
      const { body } = await post('/v1/plans', { objects: world, dag: name(), ranks: 3 });
      return { ...(body as PlanDocument), elapsedMicros: 0 };
    };
    const [a, b, c] = await Promise.all([ask(), ask(), ask()]);
    assert.deepEqual(a, b);
    assert.deepEqual(b, c);
  });

  it('names every field that is wrong', async () => {
    const { status, body } = await post('/v1/plans', { objects: world, ranks: 99, colour: 'red' });
    assert.equal(status, 400);
    const fields = (body as Refusal).problems?.map((p) => p.field).toSorted();
    assert.deepEqual(fields, ['colour', 'dag', 'ranks']);
    for (const { message } of (body as Refusal).problems ?? []) assert.ok(message.length > 10, message);
  });

  it('names a cycle instead of leaving its members out', async () => {
    const [dag] = structuredClone(world['dags']) as {
      spec: { microservices: { name: string }[]; edges: object[] };
    }[];
    const [a, b] = dag!.spec.microservices.map((m) => m.name);
    dag!.spec.edges = [
      { from: a, to: b },
      { from: b, to: a },
    ];
    const { status, body } = await post('/v1/plans', { objects: { ...world, dags: [dag] }, dag: name() });
    assert.equal(status, 400);
    assert.match((body as Refusal).problems?.[0]?.message ?? '', /cycle/);
    // What is wrong with one DAG is no reason to leave another without a plan.
    const bent = { ...dag, metadata: { name: 'bent', namespace: 'default' } };
    const dags = [...(world['dags'] as unknown[]), bent];
    assert.equal((await post('/v1/plans', { objects: { ...world, dags }, dag: name() })).status, 200);
  });

  it('refuses a DAG whose users are in a region that the world lacks', async () => {
    const { status, body } = await post('/v1/plans', { objects: { ...world, regions: [] }, dag: name() });
    assert.equal(status, 400);
    const [problem] = (body as Refusal).problems ?? [];
    assert.equal(problem?.field, 'objects.dags[0].spec.ingress[0].region');
    assert.match(problem?.message ?? '', /EdgeRegion/);
  });

  const refused = {
    'a body that is no JSON is 400': { body: '{"objects":', want: 400 },
    'a body that is null is 400': { body: 'null', want: 400 },
    'a list is 400': { body: '[]', want: 400 },
    'an empty body is 400': { body: '', want: 400 },
    'a polluting key is 400': { body: '{"__proto__":{"a":1}}', want: 400 },
    'a body over 32 MiB is 413': { body: `"${'x'.repeat(33 * 1024 * 1024)}"`, want: 413 },
  } as const;
  for (const [sentence, { body, want }] of Object.entries(refused)) {
    it(sentence, async () => {
      const answer = await post('/v1/plans', body);
      assert.equal(answer.status, want);
      assert.ok((answer.body as Refusal).error.length > 0);
    });
  }

  it('answers 404 for a DAG that is not among the objects, and names those that are', async () => {
    const { status, body } = await post('/v1/plans', { objects: world, dag: 'no/where' });
    assert.equal(status, 404);
    assert.ok((body as Refusal).error.includes(name()));
  });

  it('answers 504 when the deadline has passed', async () => {
    const many = { objects: world, dag: name(), deadlineMs: 1, planner: 'search' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => post('/v1/plans', many)));
    assert.ok(answers.some(({ status }) => status === 504));
    for (const { status } of answers) assert.ok(status === 504 || status === 200);
  });

  it('asks to come back when too many wait', async () => {
    const body = { objects: world, dag: name() };
    const answers = await Promise.all(Array.from({ length: 60 }, () => post('/v1/plans', body)));
    for (const { status } of answers) assert.ok(status === 200 || status === 503, String(status));
    assert.ok(answers.some(({ status }) => status === 200));
    assert.equal((await post('/v1/plans', body)).status, 200);
  });

  it('takes traces without keeping them, and knows no memory and no models', async () => {
    const trace = await post('/v1/traces', { anything: 1 });
    assert.equal(trace.status, 202);
    assert.equal((trace.body as { stored: boolean }).stored, false);
    const query = await post('/v1/memory/query', {});
    assert.deepEqual(query.body, { traces: [], without: 'this planner has no memory' });
    assert.deepEqual(await (await fetch(`${planner.url}/v1/models`)).json(), { models: [] });
  });

  it('serves health and its numbers', async () => {
    assert.equal((await fetch(`${planner.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${planner.url}/readyz`)).status, 200);
    const metrics = await (await fetch(`${planner.url}/metrics`)).text();
    assert.match(metrics, /edgeloom_plan_duration_seconds_count\{source="Search"\} [1-9]/);
    assert.match(metrics, /edgeloom_plan_feasible_total\{source="Search",feasible="true"\} [1-9]/);
    assert.match(metrics, /edgeloom_plan_feasible_total\{source="Search",feasible="false"\} [1-9]/);
    assert.match(metrics, /edgeloom_traces_received_total\{result="none"\} 1/);
  });
});
