import assert from 'node:assert/strict';
import { credentials } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { aggregatedDiscovery } from '../../xds/protocol.ts';
import { ENVOY } from '../../xds/resources.ts';
import { TYPES } from '../../xds/types.ts';
import { RoutingStage } from './stage.ts';

interface Answer {
  readonly nonce: string;
  readonly version_info: string;
  readonly resources?: readonly { readonly value: Uint8Array }[];
}

/** An Envoy as far as routes go: it acknowledges, or refuses, what it is sent. */
class Proxy {
  refuses = false;
  readonly answers: string[] = [];
  readonly #stream: ClientDuplexStream<object, Answer>;
  readonly #close: () => void;

  constructor(port: number) {
    const client = new (aggregatedDiscovery())(`127.0.0.1:${port}`, credentials.createInsecure());
    this.#close = () => client.close();
    const open = client as unknown as { StreamAggregatedResources(): ClientDuplexStream<object, Answer> };
    this.#stream = open.StreamAggregatedResources();
    this.#stream.on('error', () => undefined);
    this.#stream.on('data', ({ nonce, version_info, resources = [] }: Answer) => {
      this.answers.push(Buffer.concat(resources.map(({ value }) => value)).toString('latin1'));
      const verdict = this.refuses ? { error_detail: { code: 3, message: 'cannot' } } : {};
      this.#ask({ response_nonce: nonce, version_info, ...verdict });
    });
    this.#ask({});
  }

  #ask(more: object): void {
    this.#stream.write({ node: { id: 'node-1' }, type_url: TYPES.route, resource_names: [ENVOY], ...more });
  }

  leave(): void {
    this.#stream.cancel();
    this.#close();
  }
}

describe('routing by the discovery server', () => {
  const stage = new RoutingStage();
  let proxy: Proxy;

  beforeEach(async () => {
    stage.discovery = true;
    await stage.restart();
    const dag = stage.dag({ routing: { mechanism: 'Xds' } });
    stage.plan(dag, { north: 7, south: 3 });
    for (const region of ['north', 'south']) stage.replica(region);
    await stage.eventually(
      () => stage.discoveryPort() !== undefined,
      () => 'it does not listen',
    );
    proxy = new Proxy(stage.discoveryPort() ?? 0);
  });
  afterEach(() => proxy.leave());

  it('is used once a proxy has acknowledged the weights', async () => {
    await stage.becomes(/^True Xds/);
    assert.match(
      proxy.answers.at(-1) ?? '',
      /app-front-to-back-immersive\/north.*app-front-to-back-immersive\/south/s,
    );
    assert.equal(stage.row()?.reason, 'ProxiesAgree');
  });

  it('gives way when the proxy refuses, says why, and comes back when it agrees', async () => {
    await stage.becomes(/^True Xds/);
    proxy.refuses = true;
    stage.replica('south', { ready: false });
    await stage.becomes(
      /^False RoutingDegraded: front→back: Xds: Refused: node-1: cannot; calls go by Gateway/,
    );
    proxy.refuses = false;
    stage.replica('south');
    await stage.becomes(/^True Xds/, 15_000);
  });

  it('gives way when the last proxy leaves', async () => {
    await stage.becomes(/^True Xds/);
    proxy.leave();
    await stage.becomes(/^False RoutingDegraded: front→back: Xds: NoClient/);
  });
});
