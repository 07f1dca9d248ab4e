import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { belongsTo, claim, directoryOf, readState, writeState, type ClusterState } from './state.ts';
import { statusTable } from './status.ts';

describe("a cluster's folder", () => {
  let parent: string;
  let directory: string;
  const state = (pid: number): ClusterState => ({
    name: 'demo',
    owner: { pid: 1, detached: false },
    server: 'https://127.0.0.1:1',
    kubeconfig: '/k',
    servers: [{ name: 'etcd', pid, port: 1, health: '', log: '' }],
  });
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'edgeloom-state-'));
    directory = join(parent, 'demo');
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('is made when it is missing, and made anew when its cluster is gone', async () => {
    await claim('demo', directory);
    await writeState(directory, state(999_999_999));
    await writeFile(join(directory, 'old'), '');
    await claim('demo', directory);
    assert.deepEqual(await readdir(directory), ['logs']);
    assert.equal(await readState(directory), undefined);
  });

  it('is refused while its cluster runs, with the way out', async () => {
    await claim('demo', directory);
    const child = spawn('/bin/sh', ['-c', 'read -r line; :', join(directory, 'etcd')]);
    try {
      while (!belongsTo(child.pid!, directory)) await sleep(10);
      await writeState(directory, state(child.pid!));
      await assert.rejects(claim('demo', directory), /cluster "demo" already runs.*cluster down --name demo/);
      assert.ok(!belongsTo(child.pid!, directory.slice(0, -1)), 'a longer name is another cluster');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is refused when it holds something else', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'thesis.tex'), 'years of work');
    await assert.rejects(claim('demo', directory), /holds files that are not a cluster's/);
    assert.deepEqual(await readdir(directory), ['thesis.tex']);
  });

  for (const name of ['', '../x', 'A', 'a b', '-a', 'a-', 'x'.repeat(41)]) {
    it(`cannot belong to a cluster named "${name}"`, () => {
      assert.throws(() => directoryOf(name), /cannot name a cluster/);
    });
  }
});

describe('the status table', () => {
  it('lines up, and shows what is wrong with the end of the log', () => {
    const text = statusTable({
      name: 'demo',
      running: true,
      healthy: false,
      server: 'https://127.0.0.1:20001',
      kubeconfig: '/k',
      nodes: undefined,
      servers: [
        { name: 'etcd', port: 20_000, pid: 12, health: 'ok', log: '/l/etcd.log' },
        { name: 'kube-apiserver', port: 20_001, pid: 13_000, health: 'stopped', log: '/l/api.log' },
      ],
    });
    assert.equal(
      text,
      `cluster     demo
server      https://127.0.0.1:20001
kubeconfig  /k
nodes       unknown: the API server does not answer

SERVER          PORT   PID    HEALTH
etcd            20000  12     ok
kube-apiserver  20001  13000  stopped

kube-apiserver: stopped; the last lines of /l/api.log:
  (no log)`,
    );
  });
});
