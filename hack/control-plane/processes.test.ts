import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, ProcessGroup } from './processes.ts';

const MODULE = new URL('./processes.ts', import.meta.url).href;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Dead, but not yet collected by the system's first process: that is its affair.
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 5000 && alive(pid); waited += 20) await sleep(20);
  return !alive(pid);
}

/** A process that starts `sleep` in a group of its own, says its number, and then does as told. */
async function owner(group: string, then: string, log: string): Promise<{ pid: number; sleeper: number }> {
  const script = `import { ProcessGroup } from ${JSON.stringify(MODULE)};
    const group = ${group};
    console.log(group.start('sleep', ['/bin/sleep', '600'], ${JSON.stringify(log)}).pid);
    setInterval(() => undefined, 1000);
    ${then}`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [data] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid!, sleeper: Number(data.toString()) };
}

describe('processes', () => {
  let directory: string;
  let log: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgeloom-processes-'));
    log = join(directory, 'log');
  });
  after(() => rm(directory, { recursive: true }));

  const ends = {
    'an orderly exit': 'setTimeout(() => process.exit(0), 100);',
    'an error nobody caught': "setTimeout(() => { throw new Error('x'); }, 100);",
  };
  for (const [name, then] of Object.entries(ends)) {
    it(`do not outlive ${name} of their owner`, async () => {
      const { sleeper } = await owner('new ProcessGroup()', then, log);
      assert.ok(await gone(sleeper));
    });
  }

  const guards = {
    'kill -9, by the kernel or the watchdog': ['new ProcessGroup()', 'SIGKILL'],
    'kill -9, by the watchdog alone': ['new ProcessGroup({}, [])', 'SIGKILL'],
    'Ctrl-C': ['new ProcessGroup()', 'SIGINT'],
    'a closed terminal, by the watchdog alone': ['new ProcessGroup({}, [])', 'SIGHUP'],
  } as const;
  for (const [name, [group, signal]] of Object.entries(guards)) {
    it(`do not outlive an owner ended with ${name}`, async () => {
      const { pid, sleeper } = await owner(group, '', log);
      assert.ok(alive(sleeper));
      process.kill(pid, signal);
      assert.ok(await gone(sleeper));
    });
  }

  it('are ended and waited for by close, after which nothing can start', async () => {
    const group = new ProcessGroup();
    const pids = [1, 2, 3].map(() => group.start('sleep', ['/bin/sleep', '600'], log).pid);
    await group.close();
    assert.ok(pids.every((pid) => !alive(pid)));
    assert.throws(() => group.start('sleep', ['/bin/sleep', '600'], log), /the cluster is stopped/);
  });

  it('report an end that nobody asked for, and stay silent about one that somebody did', async () => {
    const group = new ProcessGroup();
    const heard: string[] = [];
    const onExit = ({ name, ended }: { name: string; ended: string | undefined }): void => {
      heard.push(`${name}: ${ended}`);
    };
    const asked = group.start('asked', ['/bin/sleep', '600'], log, onExit);
    await asked.kill();
    const failing = group.start(
      'failing',
      ['/bin/sh', '-c', 'echo first; echo no such flag >&2; exit 3'],
      log,
      onExit,
    );
    while (failing.alive) await sleep(10);
    await sleep(10);
    assert.deepEqual(heard, ['failing: exit code 3']);
    assert.equal(lastLines(log, 1), '  no such flag');
    await group.close();
  });

  it('name the binary that is missing and what to do', async () => {
    const group = new ProcessGroup();
    assert.throws(
      () => group.start('etcd', ['/no/such/etcd'], log),
      /etcd cannot start: .* is missing; run: edgeloom cluster build/,
    );
    await group.close();
  });
});
