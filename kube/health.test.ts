import assert from 'node:assert/strict';
import { serveHealth } from './health.ts';
import { controllerMetrics, createRegistry, queueMetrics, watchRestarts } from './metrics.ts';
import { WorkQueue } from './workqueue.ts';

describe('serveHealth', () => {
  it('answers with why it is not ready, and with the metrics', async () => {
    const registry = createRegistry();
    let why: string | undefined = 'no list of nodes yet';
    const health = await serveHealth({ port: 0, host: '127.0.0.1', registry, ready: () => why });
    const ask = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`http://127.0.0.1:${health.port}${path}`);
      return [answer.status, await answer.text()];
    };
    try {
      assert.deepEqual(await ask('/healthz'), [200, 'ok\n']);
      assert.deepEqual(await ask('/readyz'), [503, 'no list of nodes yet\n']);
      why = undefined;
      assert.deepEqual(await ask('/readyz'), [200, 'ok\n']);
      const [status, text] = await ask('/metrics');
      assert.equal(status, 200);
      assert.match(text, /process_cpu_seconds_total/);
    } finally {
      await health.close();
    }
  });
});

describe('metrics', () => {
  it('share one metric between queues of different names', async () => {
    const registry = createRegistry();
    const queue = new WorkQueue({ metrics: queueMetrics(registry, 'a') });
    queueMetrics(registry, 'b');
    controllerMetrics(registry, 'a').reconciled('success', 0.2);
    watchRestarts(registry).inc({ kind: 'Pod', reason: 'gone' });
    watchRestarts(registry).inc({ kind: 'Pod', reason: 'gone' });
    queue.add('x');
    queue.add('y');
    await queue.get();
    queue.done('x');
    const text = await registry.metrics();
    for (const line of [
      'edgeloom_workqueue_depth{name="a"} 1',
      'edgeloom_workqueue_depth{name="b"} 0',
      'edgeloom_workqueue_adds_total{name="a"} 2',
      'edgeloom_workqueue_queue_seconds_count{name="a"} 1',
      'edgeloom_workqueue_work_seconds_count{name="a"} 1',
      'edgeloom_reconcile_total{name="a",result="success"} 1',
      'edgeloom_watch_restarts_total{kind="Pod",reason="gone"} 2',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
  });
});
