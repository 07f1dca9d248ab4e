import assert from 'node:assert/strict';
import { createRegistry } from '#kube/metrics.ts';
import { extenderServer } from './server.ts';

describe('the extender on the wire', () => {
  const server = extenderServer({
    registry: createRegistry(),
    lookup: (name) => ({ ready: name !== 'down', annotations: {} }),
    ready: () => undefined,
  });
  let url = '';
  before(async () => {
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  after(() => server.close());

  const post = (verb: string, body: unknown): Promise<Response> =>
    fetch(`${url}/v1/${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const Pod = { metadata: { name: 'p', labels: { 'edgeloom.dev/dag': 'shop' } } };

  it('speaks PascalCase with a Content-Length', async () => {
    const answer = await post('filter', { Pod, Nodes: null, NodeNames: ['up', 'down'] });
    const text = await answer.text();
    assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(text)));
    assert.deepEqual(JSON.parse(text), {
      NodeNames: ['up'],
      FailedNodes: { down: 'edgeloom: the node is not ready' },
      Error: '',
    });
  });

  it('answers prioritize with a bare list', async () => {
    const answer = await post('prioritize', { Pod, Nodes: null, NodeNames: ['up'] });
    assert.deepEqual(await answer.json(), [{ Host: 'up', Score: 0 }]);
  });

  for (const [name, body] of Object.entries({ 'no JSON': '{', 'no pod': {}, 'a list': [] })) {
    it(`refuses ${name} without falling over`, async () => {
      assert.equal((await post('filter', body)).status, 400);
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
    });
  }

  it('reports how long answers take', async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    assert.match(text, /edgeloom_extender_request_duration_seconds_count\{verb="filter"\} [1-9]/);
  });
});
