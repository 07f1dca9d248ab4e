import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakePrometheus } from './fake-prometheus.ts';
import { PrometheusSource } from './prometheus.ts';
import { SourceFailed } from './source.ts';
import type { Reading } from './source.ts';

describe('measurements from Prometheus', () => {
  let fake: FakePrometheus;
  beforeEach(async () => {
    fake = await FakePrometheus.start();
  });
  afterEach(() => fake.stop());

  const read = (
    over: { url?: string; mesh?: boolean; deadlineMs?: number; tokenFile?: string } = {},
  ): Promise<Reading> => {
    const { url = fake.url, mesh = false, deadlineMs = 2_000, tokenFile } = over;
    return new PrometheusSource({ url, deadlineMs, tokenFile, nowMs: () => Date.now() }).read(
      { mesh },
      new AbortController().signal,
    );
  };
  const refusal = async (over?: Parameters<typeof read>[0]): Promise<string> => {
    const error = await read(over).then(
      () => assert.fail('nothing is wrong with the answer'),
      (thrown: unknown) => thrown,
    );
    assert(error instanceof SourceFailed, String(error));
    return `${error.reason}: ${error.message}`;
  };

  it('puts the figures of one cluster together, and asks five times whatever their number', async () => {
    for (let i = 0; i < 200; i++) fake.clusters.set(`default/edge/${i}`, { rate: 1 });
    fake.clusters.set('default/edge/north', { rate: 20, errors: 1, meanMs: 2.5, p99Ms: 9, region: 'south' });
    const { figures, rejected } = await read();
    assert.deepEqual(figures.get('Envoy default/edge/north'), {
      rate: 20,
      rateByRegion: new Map([['south', 20]]),
      errorRate: 1,
      meanMicros: 2_500,
      p50Micros: 2_500,
      p99Micros: 9_000,
    });
    assert.equal(rejected, 0);
    assert.equal(fake.queries.length, 5);
    assert.ok(fake.queries.every((query) => query.includes('[60s]') && !query.includes('$window')));
  });

  it('asks for the metrics of meshes where a mesh carries calls', async () => {
    await read({ mesh: true });
    assert.ok(fake.queries.some((query) => query.includes('istio_requests_total')));
    assert.ok(fake.queries.some((query) => query.includes('response_latency_ms_bucket')));
    assert.equal(fake.queries.length, 15);
  });

  it('takes no value that no measurement can have given, and no NaN for one', async () => {
    const rows: [string, string][] = [
      ['a/b/nan', 'NaN'],
      ['a/b/inf', '+Inf'],
      ['a/b/minus', '-3'],
      ['a/b/absurd', '1e30'],
      ['a/b/words', 'many'],
      ['a/b/hex', '0x10'],
      ['a/b/good', '12.5'],
    ];
    const result = rows.map(([name, value]) => ({
      metric: { envoy_cluster_name: name },
      value: [Date.now() / 1000, value],
    }));
    fake.body = JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
    const { figures, rejected } = await read();
    assert.deepEqual([...figures.keys()], ['Envoy a/b/good']);
    assert.equal(rejected, 5 * 5);
  });

  const bad: Record<string, [(fake: FakePrometheus) => void, RegExp]> = {
    'a page of HTML': [(f) => (f.body = '<html>hello</html>'), /^Nonsense: its answer is a page of HTML/],
    'nothing at all': [(f) => (f.body = ''), /^Nonsense: its answer is empty/],
    'other JSON': [(f) => (f.body = '{"ok":true}'), /^Nonsense: its answer is no instant vector \(status\)/],
    'a list': [(f) => (f.body = '[1,2]'), /^Nonsense: .*not an object/],
    'a scalar': [
      (f) => (f.body = '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'),
      /^Nonsense: .*\(data\.resultType\)/,
    ],
    'a refusal': [
      (f) => ((f.status = 422), (f.body = '{"status":"error","error":"query too expensive"}')),
      /^Refused: it answers 422: query too expensive/,
    ],
    'a redirect': [(f) => ((f.status = 302), (f.body = '')), /^Refused: it answers 302$/],
    'an answer without end': [(f) => (f.mode = 'floods'), /^TooLarge/],
    'an answer of yesterday': [(f) => (f.aheadSeconds = -86_400), /^ClockSkew/],
  };
  for (const [name, [break_, pattern]] of Object.entries(bad))
    it(`does not believe ${name}`, async () => {
      fake.clusters.set('a/b/c', { rate: 1 });
      break_(fake);
      assert.match(await refusal(), pattern);
    });

  it('shows the token of a file, and says when there is none', async () => {
    await read();
    assert.equal(fake.authorization, undefined);
    const folder = mkdtempSync(join(tmpdir(), 'edgeloom-token-'));
    writeFileSync(join(folder, 'token'), 'secret\n');
    await read({ tokenFile: join(folder, 'token') });
    assert.equal(fake.authorization, 'Bearer secret');
    rmSync(folder, { recursive: true });
    assert.match(await refusal({ tokenFile: '/nowhere/token' }), /^Refused: .*cannot be read \(ENOENT\)$/);
  });

  it('waits no longer than its deadline', async () => {
    fake.mode = 'silent';
    assert.match(await refusal({ deadlineMs: 50 }), /^Late: no answer within 50 ms$/);
  });

  it('says the same of the same trouble: nobody there', async () => {
    const { url } = fake;
    await fake.stop();
    const said = await refusal({ url });
    assert.match(said, /^Unreachable: no answer \(ECONNREFUSED\)$/);
    assert.equal(await refusal({ url }), said);
    fake = await FakePrometheus.start();
  });
});
