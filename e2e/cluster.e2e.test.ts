import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '#hack/control-plane/api.ts';
import { startCluster } from '#hack/control-plane/cluster.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { startDetached, stopDetached } from '#hack/control-plane/detached.ts';
import { FAULT_LABEL, FAULT_VALUE, plainNodes, readNodes } from '#hack/control-plane/nodes.ts';
import { belongsTo, directoryOf, readState } from '#hack/control-plane/state.ts';
import { clusterStatus, readCredentials } from '#hack/control-plane/status.ts';

const run = process.pid;
const PODS = '/api/v1/namespaces/default/pods';

interface Pod {
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase: string; readonly conditions?: readonly { readonly reason?: string }[] };
}

async function eventually(
  what: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}

function pod(name: string, spec: Record<string, unknown>): unknown {
  const containers = [{ name: 'c', image: 'none', resources: { requests: { cpu: '100m' } } }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers, ...spec } };
}

const orphans = (directory: string, pids: readonly number[]): number[] =>
  pids.filter((pid) => belongsTo(pid, directory));

describe('two local clusters side by side', function () {
  this.timeout(60_000);
  let plain: LocalCluster;
  let faulty: LocalCluster;

  before(async () => {
    const nodes = plainNodes(12).map((node, index) => {
      const labels = { ...node.metadata.labels, ...(index < 3 ? { [FAULT_LABEL]: FAULT_VALUE } : {}) };
      return { ...node, metadata: { ...node.metadata, labels } };
    });
    const nodeLoss = { monitorPeriodSeconds: 1, graceSeconds: 5, evictionsPerSecond: 100 };
    [plain, faulty] = await Promise.all([
      startCluster({ name: `e2e-plain-${run}`, nodes: 10, audit: true }),
      startCluster({ name: `e2e-faulty-${run}`, nodes, nodeLoss, leaseSeconds: 8 }),
    ]);
  });
  after(() => Promise.all([plain?.stop(), faulty?.stop()]));

  it('have all their nodes Ready, each its own', async () => {
    const counts = await Promise.all(
      [plain, faulty].map(async ({ api }) => (await readNodes(api)).ready.length),
    );
    assert.deepEqual(counts, [10, 12]);
  });

  it('run a pod of either scheduler, and leave a gated one Pending', async () => {
    const { api } = plain;
    await api.create(
      PODS,
      pod('gated', { schedulerName: 'edgeloom', schedulingGates: [{ name: 'edgeloom.dev/placement' }] }),
    );
    await api.create(PODS, pod('ours', { schedulerName: 'edgeloom' }));
    await api.create(PODS, pod('stock', {}));
    for (const name of ['ours', 'stock']) {
      await eventually(
        `${name} runs`,
        async () => (await api.get<Pod>(`${PODS}/${name}`)).status.phase === 'Running',
      );
    }
    const gated = await api.get<Pod>(`${PODS}/gated`);
    assert.equal(gated.status.phase, 'Pending');
    assert.equal(gated.spec.nodeName, undefined);
    assert.equal(gated.status.conditions?.[0]?.reason, 'SchedulingGated');
  });

  it('hold a service account to its role', async () => {
    const file = await plain.kubeconfigForServiceAccount('default', 'reader');
    const reader = new Api(plain.server, await readCredentials(file));
    try {
      assert.equal((await reader.send('GET', PODS)).status, 403);
      const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
      await plain.api.create(rbac, {
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
      });
      await eventually('the role counts', async () => (await reader.send('GET', PODS)).status === 200);
      assert.equal((await reader.send('POST', PODS, pod('x', {}))).status, 403);
    } finally {
      await reader.close();
    }
  });

  it('keep everything when the API server crashes and comes back', async () => {
    await plain.kill('kube-apiserver');
    await plain.start('kube-apiserver');
    assert.equal((await plain.api.send('GET', `${PODS}/gated`)).status, 200);
  });

  it('lose the nodes of the fault group within 10 s, no other, and get them back', async () => {
    await faulty.killFaultNodes();
    await eventually(
      'three nodes are lost',
      async () => (await readNodes(faulty.api)).ready.length === 9,
      10_000,
    );
    await faulty.healFaultNodes();
    assert.equal((await readNodes(faulty.api)).ready.length, 12);
  });

  it('stop without leaving a process, and say who still runs', async () => {
    const pids = faulty.servers().map(({ pid }) => pid);
    assert.equal(pids.length, 7);
    await faulty.stop();
    assert.deepEqual(orphans(faulty.directory, pids), []);
    assert.equal(await clusterStatus(faulty.name), undefined);
    assert.equal((await clusterStatus(plain.name))?.healthy, true);
  });
});

describe('a local cluster whose owner is killed', function () {
  this.timeout(60_000);

  it('ends with a program that used it', async () => {
    const name = `e2e-orphan-${run}`;
    const script = `import { startCluster } from '#hack/control-plane/cluster.ts';
      const cluster = await startCluster({ name: '${name}', nodes: 1 });
      console.log(JSON.stringify(cluster.servers().map(({ pid }) => pid)));
      setInterval(() => undefined, 1000);`;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [data] = (await once(owner.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(data.toString()) as number[];
    const directory = directoryOf(name);
    assert.equal(orphans(directory, pids).length, 6);
    owner.kill('SIGKILL');
    await eventually('every server is gone', () => orphans(directory, pids).length === 0, 5000);
    await stopDetached(name);
    assert.ok(!existsSync(directory));
  });

  it('stays when the command returns, ends with `down`, and with kill -9 of its supervisor', async () => {
    const name = `e2e-detached-${run}`;
    const directory = directoryOf(name);
    const up = async (): Promise<{ owner: number; pids: number[] }> => {
      await startDetached({ name, nodes: 1 }, () => undefined);
      const { owner, servers } = (await readState(directory))!;
      assert.notEqual(owner.pid, process.pid);
      return { owner: owner.pid, pids: [owner.pid, ...servers.map(({ pid }) => pid)] };
    };
    const first = await up();
    const status = await clusterStatus(name);
    assert.deepEqual(status?.nodes, { total: 1, ready: 1 });
    assert.ok(status.servers.every(({ health }) => health === 'ok'));
    await assert.rejects(
      startDetached({ name }, () => undefined),
      /already runs/,
    );
    assert.equal(await stopDetached(name), true);
    assert.deepEqual(orphans(directory, first.pids), []);

    const second = await up();
    process.kill(second.owner, 'SIGKILL');
    await eventually('every server is gone', () => orphans(directory, second.pids).length === 0, 5000);
    assert.equal((await clusterStatus(name))?.running, false);
    assert.equal(await stopDetached(name), false);
  });
});
