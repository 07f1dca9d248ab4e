import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { createAuthority, issue } from '#kube/pki/certificates.ts';
import { WebhookServer } from './server.ts';
import type { Question, Verdict } from './review.ts';

const authority = createAuthority('test-ca');
const pair = (name: string): ReturnType<typeof issue> =>
  issue(authority, { commonName: name, hosts: ['127.0.0.1'] });

interface Answer {
  readonly code: number;
  readonly body: string;
}

describe('the webhook server', () => {
  let server: WebhookServer;
  let port: number;
  let verdict: (question: Question) => Verdict;
  let counted: string[];
  const agent = new Agent({ ca: authority.certificate, keepAlive: true });
  after(() => agent.destroy());

  beforeEach(async () => {
    verdict = () => ({ allowed: true, warnings: [] });
    counted = [];
    server = new WebhookServer({
      judge: (question) => verdict(question),
      answered: (how) => counted.push(how),
    });
    port = await server.listen(0, '127.0.0.1');
    server.serve(pair('one'));
  });
  afterEach(() => server.close());

  function send(
    body: string | Buffer,
    { path = '/validate', method = 'POST', type = 'application/json' } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) };
      const sent = request(
        { host: '127.0.0.1', port, path, method, agent, headers },
        (answer: IncomingMessage) => {
          let text = '';
          answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
          answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: text }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  const review = (over: object = {}): string =>
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'u1',
        kind: { group: 'edgeloom.dev', version: 'v1alpha1', kind: 'ServiceDAG' },
        operation: 'CREATE',
        object: {},
        ...over,
      },
    });

  it('carries a verdict back', async () => {
    verdict = ({ uid }) => ({ allowed: false, message: `no ${uid}`, causes: [] });
    const { code, body } = await send(review());
    assert.equal(code, 200);
    const { response } = JSON.parse(body) as { response: { status: { message: string } } };
    assert.equal(response.status.message, 'no u1');
    assert.deepEqual(counted, ['refused']);
  });

  const bad: Record<string, { send: () => Promise<Answer>; code: number }> = {
    'no JSON': { send: () => send('{"apiVersion": '), code: 400 },
    'an empty body': { send: () => send(''), code: 400 },
    bytes: { send: () => send(Buffer.from([0xff, 0xfe, 0, 1])), code: 400 },
    'a review without a uid': { send: () => send(review({ uid: undefined })), code: 400 },
    'another media type': { send: () => send(review(), { type: 'application/xml' }), code: 415 },
    'a key that would change every object': { send: () => send('{"__proto__": {"a": 1}}'), code: 400 },
    'another path': { send: () => send(review(), { path: '/else' }), code: 404 },
    'another method': { send: () => send('', { method: 'GET' }), code: 404 },
    'arrays in arrays, two million deep': {
      send: () => send(`${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`),
      code: 400,
    },
  };
  for (const [what, { send: given, code }] of Object.entries(bad)) {
    it(`answers ${what} with ${code}, and goes on`, async () => {
      assert.equal((await given()).code, code);
      assert.equal((await send(review())).code, 200);
    });
  }

  it('turns a body away that is larger than any object', async () => {
    // It may close before all is sent, which is as good.
    const answer = await send(Buffer.alloc(5 * 2 ** 20, 0x20)).catch(() => ({ code: 413 }));
    assert.equal(answer.code, 413);
    assert.equal((await send(review())).code, 200);
  });

  it('answers a judge that throws with 500, and goes on', async () => {
    verdict = () => {
      throw new RangeError('too deep');
    };
    assert.equal((await send(review())).code, 500);
    verdict = () => ({ allowed: true, warnings: [] });
    assert.equal((await send(review())).code, 200);
  });

  it('reads a bounded number of bodies at once, and others again when those are through', async () => {
    const headers =
      'POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n';
    const open = async (): Promise<TLSSocket> => {
      const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate });
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      socket.write(headers);
      return socket;
    };
    const slow = await Promise.all(Array.from({ length: 16 }, open));
    const until = async (code: number): Promise<void> => {
      for (let tries = 0; tries < 200; tries++) if ((await send(review())).code === code) return;
      assert.fail(`no answer is ${code}`);
    };
    await until(503);
    for (const socket of slow) socket.destroy();
    await until(200);
  });

  it('shows a new certificate to new connections and keeps those that are open', async () => {
    const shown = async (): Promise<{ name: unknown; socket: TLSSocket }> => {
      const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate });
      await once(socket, 'secureConnect');
      return { name: socket.getPeerCertificate().subject.CN, socket };
    };
    const before = await shown();
    assert.equal(before.name, 'one');
    server.serve(pair('two'));
    const fresh = await shown();
    assert.equal(fresh.name, 'two');
    before.socket.write('GET /none HTTP/1.1\r\nhost: x\r\n\r\n');
    const [answer] = (await once(before.socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 404/);
    for (const { socket } of [before, fresh]) socket.destroy();
  });

  it('keeps what it shows when a pair does not fit', async () => {
    assert.throws(() => server.serve({ certificate: pair('a').certificate, key: pair('b').key }));
    assert.equal((await send(review())).code, 200);
  });
});
