import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE } from '#kube/kinds.ts';
import { givenNode, givenRegion } from '../../../given.ts';
import { EDGEREGION } from '../../../kinds.ts';
import type { CachedRegion } from '../../../objects.ts';
import { Stage } from '../../../stage.ts';

const PERIOD_MS = 50;

describe('the operator and probers', () => {
  const stage = new Stage();
  const { start, eventually, writes } = stage;
  /** What the prober on 127.8.0.1 (node a) answers; undefined for no answer. */
  let body: (() => unknown) | undefined;
  let server: Server;
  before((done) => {
    server = createServer((_request, response) => {
      if (body === undefined) response.destroy();
      else response.end(body());
    }).listen(0, '127.8.0.1', done);
  });
  after(() => void server.close());
  beforeEach(() => {
    body = () => answer(10_800);
    stage.links = { port: (server.address() as AddressInfo).port, periodMs: PERIOD_MS };
    const links = [{ from: 'north', to: 'south', latency: '1ms', bandwidth: '1G' }];
    const attachment = { latency: '200us', bandwidth: '1G' };
    stage.server.put(EDGEREGION, givenRegion('north', { topology: { attachment, links } }));
    stage.server.put(EDGEREGION, givenRegion('south'));
    stage.server.put(NODE, addressed(givenNode('a'), '127.8.0.1'));
    stage.server.put(NODE, givenNode('c', { region: 'south' }));
  });
  const addressed = (node: ReturnType<typeof givenNode>, address: string) => ({
    ...node,
    status: { ...node.status, addresses: [{ type: 'InternalIP', address }] },
  });
  const answer = (rttMicros: number, node = 'a'): string =>
    JSON.stringify({ node, measurements: [{ peer: 'c', rttMicros, ageMs: 0 }] });
  const status = (): CachedRegion['status'] =>
    stage.server.objects<CachedRegion>(EDGEREGION).find(({ metadata }) => metadata.name === 'north')?.status;
  const condition = (): string => {
    const found = status()?.conditions?.find(({ type }) => type === 'Measured');
    return `${found?.status} ${found?.reason}`;
  };
  const measured = (): number | undefined => status()?.links?.[0]?.measuredLatencyMicros;
  const becomes = (what: string): Promise<void> =>
    eventually(
      () => condition() === what,
      () => `${condition()}: ${JSON.stringify(status())}`,
    );

  it('writes what they measured, follows it, and is quiet between heartbeats', async () => {
    start();
    await becomes('True Measured');
    assert.equal(measured(), 5_000);
    body = () => answer(40_800);
    await eventually(
      () => measured() === 20_000,
      () => JSON.stringify(status()?.links),
    );
    // Asked forty times, the region is written for heartbeats alone: one every ten periods.
    await sleep(10 * PERIOD_MS);
    const before = writes().length;
    await sleep(40 * PERIOD_MS);
    assert.ok(writes().length - before <= 5, `${writes().length - before} writes`);
  });

  const bad: Record<string, (() => unknown) | undefined> = {
    'do not answer': undefined,
    'answer a page': () => '<html>',
    'answer for another node': () => answer(10_800, 'b'),
    'answer what no clock measures': () => answer(-5),
    'answer without end': () => 'x'.repeat(2 ** 21),
  };
  for (const [name, becomesBad] of Object.entries(bad)) {
    it(`marks links stale when probers ${name}, and takes them back`, async () => {
      start();
      await becomes('True Measured');
      body = becomesBad;
      await becomes('False Stale');
      assert.deepEqual(status()?.links, []);
      body = () => answer(10_800);
      await becomes('True Measured');
      assert.equal(measured(), 5_000);
    });
  }

  it('says that nobody measures while there is no prober, and nothing where none is asked', async () => {
    body = undefined;
    start();
    await becomes('Unknown NotMeasured');
    assert.equal(status()?.links, undefined);
  });
});
