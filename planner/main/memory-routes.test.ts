import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFiles } from '#crds/parse.ts';
import { silentLog } from '#kube/log.ts';
import type { PlanDocument } from '../document.ts';
import { fileReporters } from './reporters.ts';
import { serveMemory } from './served-memory.ts';
import { startPlanner } from './server.ts';

interface Served {
  post(
    path: string,
    body: unknown,
    token?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

const OPERATOR = 'operator-token-0123456789';
const RIVAL = 'rival-token-01234567890';

describe('a planner with a memory', function () {
  this.timeout(30_000);
  let folder = '';
  let world: Record<string, unknown>;
  let dag = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'edgeloom-served-'));
    writeFileSync(
      join(folder, 'reporters'),
      `# who may report\n${OPERATOR} operator\n${RIVAL} rival-agent rival\n`,
    );
    const { nodes, edgeRegions, serviceDAGs } = await parseFiles(['config/samples/quickstart.yaml']);
    world = { nodes, regions: edgeRegions, dags: serviceDAGs, nowMs: 1_790_000_100_000 };
    const [first] = serviceDAGs;
    dag = `${first?.metadata.namespace}/${first?.metadata.name}`;
  });
  after(() => rmSync(folder, { recursive: true }));
  // A story that fails must not keep its server.
  const running = new Set<() => Promise<void>>();
  afterEach(async () => {
    for (const stop of running) await stop();
  });

  const serve = async (name: string, reporters = 'reporters'): Promise<Served> => {
    const authenticate = await fileReporters(join(folder, reporters));
    const memory = serveMemory({ where: join(folder, name), deadlineMs: 5_000, authenticate }, silentLog);
    const planner = await startPlanner({ port: 0, host: '127.0.0.1', memory });
    const stop = async (): Promise<void> => {
      running.delete(stop);
      await planner.close();
      await memory.close();
    };
    running.add(stop);
    return {
      async post(path, body, token) {
        const headers = {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        };
        const answer = await fetch(`${planner.url}${path}`, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
        });
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
      },
      metrics: async () => (await fetch(`${planner.url}/metrics`)).text(),
      stop,
    };
  };
  const planned = async (served: Served, token: string | undefined = OPERATOR): Promise<PlanDocument> => {
    const { status, body } = await served.post('/v1/plans', { objects: world, dag }, token);
    assert.equal(status, 200, JSON.stringify(body));
    return body as unknown as PlanDocument;
  };
  /** What the plan comes to when all goes as the world model says, `late` times slower. */
  const report = (plan: PlanDocument, late = 1, over: object = {}): Record<string, unknown> => ({
    dag,
    objects: world,
    decision: { assignments: plan.assignments, routes: plan.routes },
    window: 1,
    policy: plan.source,
    outcome: {
      atMs: 1_790_000_000_000,
      performance: {
        latencyMicros: Math.round((plan.predicted?.latencyMicros ?? 0) * late),
        p99LatencyMicros: Math.round((plan.predicted?.latencyMicros ?? 0) * late * 1.5),
        jitterMicros: plan.predicted?.jitterMicros ?? 0,
        syncMicros: plan.predicted?.syncMicros ?? 0,
        successPpm: plan.predicted?.successPpm ?? 0,
        violationPpm: 0,
        utilisationPpm: 300_000,
      },
    },
    ...over,
  });

  it('keeps a realised outcome, and names it in the next plan', async () => {
    const served = await serve('a.db');
    const first = await planned(served);
    assert.deepEqual(first.provenance.traces, []);
    assert.match(first.provenance.withoutMemory ?? '', /knows no tenant/);
    const told = await served.post('/v1/traces', report(first), OPERATOR);
    assert.deepEqual([told.status, told.body['stored']], [202, true], JSON.stringify(told.body));
    const id = String(told.body['id']);
    assert.match(id, /^[0-9a-f]{64}$/);
    const second = await planned(served);
    assert.deepEqual(second.provenance.traces, [id]);
    assert.match(second.provenance.encoderVersion ?? '', /^sage-tcn-vit-1\+/);
    assert.equal(second.provenance.withoutMemory, undefined);
    assert.deepEqual(
      second.assignments.map((a) => a.node),
      first.assignments.map((a) => a.node),
    );
    // Told twice, it is there once.
    assert.equal((await served.post('/v1/traces', report(first), OPERATOR)).body['id'], id);
    const { status, body } = await served.post('/v1/memory/query', { dag, objects: world }, OPERATOR);
    const [trace] = body['traces'] as { id: string; own: boolean; similarity: object; reasons: string[] }[];
    assert.deepEqual([status, trace?.id, trace?.own], [200, id, true]);
    const parts = Object.keys(trace?.similarity ?? {});
    for (const part of ['whole', 'dag', 'placement', 'vector', 'load'])
      assert.ok(parts.includes(part), parts.join());
    assert.ok((trace?.reasons.length ?? 0) >= 5);
    const metrics = await served.metrics();
    assert.match(metrics, /edgeloom_memory_traces 1\n/);
    assert.match(metrics, /edgeloom_memory_query_seconds_count\{result="traces"\} 1/);
    assert.match(metrics, /edgeloom_traces_received_total\{result="stored"\} 2/);
    await served.stop();
    const again = await serve('a.db');
    assert.deepEqual((await planned(again)).provenance.traces, [id]);
    await again.stop();
  });

  it('keeps aside what contradicts the world model, also after a restart, whatever the report predicts', async () => {
    const served = await serve('b.db');
    const plan = await planned(served);
    const { status, body } = await served.post('/v1/traces', report(plan, 6), OPERATOR);
    assert.deepEqual([status, body['stored'], body['quarantined']], [202, false, true], JSON.stringify(body));
    assert.match(String(body['reason']), /realised utility .* where the world model expects/);
    assert.equal((await planned(served)).provenance.traces?.length, 0);
    await served.stop();
    assert.match(readFileSync(join(folder, 'b.db.guard.jsonl'), 'utf8'), new RegExp(String(body['id'])));
    const again = await serve('b.db');
    const { body: told } = await again.post('/v1/traces', report(plan, 6), OPERATOR);
    assert.equal(told['quarantined'], true);
    await again.stop();
  });

  it('takes reports of those it knows, on what is theirs', async () => {
    const served = await serve('c.db');
    const plan = await planned(served);
    assert.equal((await served.post('/v1/traces', report(plan))).status, 401);
    assert.equal((await served.post('/v1/traces', report(plan), 'nobody-knows-this-token')).status, 401);
    const rival = await served.post('/v1/traces', report(plan), RIVAL);
    assert.deepEqual([rival.status, /may not report/.test(String(rival.body['error']))], [403, true]);
    const peek = await served.post('/v1/memory/query', { dag, objects: world, tenant: 'arena' }, RIVAL);
    assert.equal(peek.status, 403);
    await served.stop();
  });

  it('names traces of a tenant in plans for who may read them only; others get a plan and the reason', async () => {
    const served = await serve('plans.db');
    const told = await served.post('/v1/traces', report(await planned(served)), OPERATOR);
    const id = String(told.body['id']);
    assert.deepEqual((await planned(served)).provenance.traces, [id]);
    const reasons: [string | undefined, RegExp][] = [
      [undefined, /say who you are/],
      ['nobody-knows-this-token', /token/],
      [RIVAL, /rival-agent may not read the memory of tenant/],
    ];
    for (const [token, reason] of reasons) {
      const { status, body } = await served.post('/v1/plans', { objects: world, dag }, token);
      const plan = body as unknown as PlanDocument;
      assert.deepEqual([status, plan.feasible, plan.provenance.traces], [200, true, []]);
      assert.match(plan.provenance.withoutMemory ?? '', reason);
      assert.ok(!JSON.stringify(body).includes(id));
    }
    await served.stop();
  });

  it('refuses what is no outcome, by its field', async () => {
    const served = await serve('d.db');
    const plan = await planned(served);
    const fieldsOf = async (body: unknown): Promise<string[]> => {
      const answer = await served.post('/v1/traces', body, OPERATOR);
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      return (answer.body['problems'] as { field: string }[]).map((p) => p.field);
    };
    const good = report(plan);
    assert.deepEqual(await fieldsOf({ ...good, window: -1, colour: 'red' }), ['window', 'colour']);
    assert.deepEqual(await fieldsOf({ ...good, dag: 'arena/nowhere' }), ['dag']);
    const [first, ...rest] = plan.assignments;
    const elsewhere = { assignments: [{ ...first, node: 'gone' }, ...rest], routes: [] };
    assert.deepEqual(await fieldsOf({ ...good, decision: elsewhere }), ['decision.assignments[0].node']);
    assert.deepEqual(await fieldsOf({ ...good, decision: { assignments: rest, routes: [] } }), [
      'decision.assignments',
    ]);
    await served.stop();
  });

  it('plans without a memory that is no memory, is damaged or was taken away, and says so', async () => {
    writeFileSync(join(folder, 'text.db'), 'nothing of the kind'.repeat(100));
    const text = await serve('text.db');
    const first = await planned(text);
    assert.equal(first.feasible, true);
    assert.match(first.provenance.withoutMemory ?? '', /no memory of edgeloom/);
    const told = await text.post('/v1/traces', report(first), OPERATOR);
    assert.deepEqual([told.status, told.body['stored']], [202, false]);
    assert.match(await text.metrics(), /edgeloom_memory_traces nan/i);
    await text.stop();

    const served = await serve('gone.db');
    await served.post('/v1/traces', report(first), OPERATOR);
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `gone.db${end}`), { force: true });
    const after = await planned(served);
    assert.equal(after.feasible, true);
    assert.deepEqual(after.provenance.traces, []);
    // A new one is begun in its place.
    assert.equal((await served.post('/v1/traces', report(first), OPERATOR)).body['stored'], true);
    assert.equal((await planned(served)).provenance.traces?.length, 1);
    await served.stop();
  });
});
