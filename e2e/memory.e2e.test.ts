import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import { until } from '#hack/demo/observe.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe('a planner that remembers, on a real cluster', () => {
  let edgeloom: Edgeloom;
  let folder = '';
  const file = (): string => join(folder, 'memory.db');

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'edgeloom-remembers-'));
    edgeloom = await Edgeloom.start('memory', {
      nodes: [node('east-1', 'east'), node('east-2', 'east'), node('west-1', 'west')],
      planner: [
        '--memory',
        file(),
        '--memory-deadline',
        '5s',
        '--trust',
        'edgeloom-system/edgeloom-operator',
      ],
      operator: ['--planner-token-file', join(folder, 'token')],
    });
    writeFileSync(join(folder, 'token'), token('edgeloom-operator'));
    await edgeloom.apply(region('east', 'west'), region('west'));
  });
  after(async () => {
    await edgeloom.stop();
    rmSync(folder, { recursive: true });
  });

  const items = (kind: string): object[] =>
    (JSON.parse(edgeloom.kubectl('get', kind, '-A', '-o', 'json')) as { items: object[] }).items;
  const planOf = (dag: string): Promise<DeploymentPlan> =>
    until(`there is a plan of ${dag}`, 20_000, async () =>
      (items('deploymentplans') as DeploymentPlan[]).find((plan) => plan.spec.dag.name === dag),
    );
  const token = (account: string): string =>
    edgeloom.kubectl('create', 'token', account, '-n', 'edgeloom-system').trim();
  const report = async (plan: DeploymentPlan, bearer: string): Promise<Answer> => {
    const { regions, routes, predicted, window, source } = plan.spec;
    const told = {
      dag: `default/${plan.spec.dag.name}`,
      objects: { nodes: items('nodes'), regions: items('edgeregions'), dags: items('servicedags') },
      decision: {
        assignments: regions.flatMap(({ region: name, assignments }) =>
          assignments.map(({ microservice, replica, ranked }) => ({
            microservice,
            replica,
            region: name,
            node: ranked[0]?.node,
          })),
        ),
        routes,
      },
      window,
      policy: source,
      outcome: {
        atMs: 1_790_000_000_000,
        performance: {
          latencyMicros: predicted?.latencyMicros,
          p99LatencyMicros: predicted?.worstLatencyMicros,
          jitterMicros: predicted?.jitterMicros,
          syncMicros: predicted?.syncMicros,
          successPpm: predicted?.successPpm,
          violationPpm: 0,
          utilisationPpm: 200_000,
        },
      },
    };
    const answer = await fetch(`${edgeloom.parts.urls.planner}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify(told),
    });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  };

  it('takes outcomes of trusted service accounts, and names them in the plan of a like application', async () => {
    await edgeloom.apply(chain('first'));
    const first = await planOf('first');
    assert.deepEqual(first.spec.provenance?.traces, []);
    assert.equal((await report(first, 'nobody')).status, 401);
    assert.equal((await report(first, token('edgeloom-agents'))).status, 403);
    const { status, body } = await report(first, token('edgeloom-operator'));
    assert.deepEqual([status, body['stored']], [202, true], JSON.stringify(body));
    await edgeloom.apply(chain('second'));
    const { provenance } = (await planOf('second')).spec;
    assert.deepEqual(provenance?.traces, [body['id']]);
    assert.match(provenance?.encoderVersion ?? '', /^sage-tcn-vit-1\+/);
    await edgeloom.condition('second', 'Planned', 'True');
  });

  it('goes on without a memory that is damaged, and says so', async () => {
    await edgeloom.parts.kill('planner');
    truncateSync(file(), 5000);
    rmSync(`${file()}-wal`, { force: true });
    await edgeloom.parts.start('planner');
    await edgeloom.apply(chain('third'));
    const { source, provenance } = (await planOf('third')).spec;
    assert.deepEqual([source, provenance?.traces], ['Search', []]);
    const log = readFileSync(join(edgeloom.cluster.directory, 'logs', 'edgeloom-planner.log'), 'utf8');
    assert.match(log, /planning goes on without the memory/);
    assert.match(log, /memory\.db: the file is damaged or cut short/);
  });
});
