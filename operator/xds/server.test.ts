import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import type { Client, ClientDuplexStream } from '@grpc/grpc-js';
import { aggregatedDiscovery } from './protocol.ts';
import { TYPES } from './types.ts';
import type { TypeUrl } from './types.ts';
import { ENVOY, resourcesOf } from './resources.ts';
import type { XdsEdge } from './resources.ts';
import { XdsServer } from './server.ts';

interface Answer {
  readonly type_url: string;
  readonly version_info?: string;
  readonly nonce: string;
  /** Absent when there is none. */
  readonly resources: readonly { readonly name?: string; readonly value?: Uint8Array }[];
  readonly removed_resources?: readonly string[];
}

/** Names in resources of the state of the world, whose content stays packed: the name is the first field. */
const packedNames = ({ resources }: Answer): string[] =>
  resources.map(({ value = new Uint8Array() }) =>
    Buffer.from(value.subarray(2, 2 + (value[1] ?? 0))).toString(),
  );

const edge = (weights: Record<string, number>, id = 'default/front'): XdsEdge => ({
  id,
  names: [`${id}.svc`, `${id}.svc:8080`],
  protocol: 'GRPC',
  weights: new Map(Object.entries(weights)),
  endpoints: new Map(
    Object.keys(weights).map((group, i) => [group, [{ address: `10.0.0.${i + 1}`, port: 8080 }]]),
  ),
});

describe('the discovery server', () => {
  let server: XdsServer;
  let changes = 0;
  const clients: Client[] = [];
  const streams: ClientDuplexStream<object, Answer>[] = [];

  type Method = 'StreamAggregatedResources' | 'DeltaAggregatedResources';
  function connect(method: Method, node = 'one') {
    const client = new (aggregatedDiscovery())(`127.0.0.1:${server.port}`, credentials.createInsecure());
    clients.push(client);
    const open = (client as unknown as Record<Method, () => ClientDuplexStream<object, Answer>>)[method];
    const stream = open.call(client);
    streams.push(stream);
    const answers: Answer[] = [];
    stream.on('data', (answer: Answer) => answers.push(answer));
    stream.on('error', () => undefined);
    const next = async (count: number): Promise<Answer> => {
      for (let i = 0; answers.length < count && i < 300; i++) await sleep(10);
      const found = answers[count - 1];
      assert.ok(found !== undefined, `only ${answers.length} answers`);
      return found;
    };
    const send = (type: TypeUrl, body: object): void => {
      stream.write({ node: { id: node }, type_url: type, ...body });
    };
    return { answers, next, send };
  }
  const eventually = async (what: () => boolean): Promise<void> => {
    for (let i = 0; !what() && i < 300; i++) await sleep(10);
    assert.ok(what());
  };

  beforeEach(async () => {
    changes = 0;
    server = await XdsServer.start({
      port: 0,
      host: '127.0.0.1',
      regionOf: (node) => (node === 'node-south' ? 'south' : undefined),
      changed: () => changes++,
    });
    server.offer(() => resourcesOf([edge({ a: 7_000, b: 3_000 })]));
  });
  afterEach(() => {
    streams.splice(0);
    for (const client of clients.splice(0)) client.close();
    server.stop();
  });

  it('answers each question once, tells what changes, and does not answer acknowledgements', async () => {
    const { answers, next, send } = connect('StreamAggregatedResources');
    const names = ['default/front'];
    send(TYPES.route, { resource_names: names });
    const first = await next(1);
    assert.equal(first.resources.length, 1);
    send(TYPES.route, {
      resource_names: names,
      response_nonce: first.nonce,
      version_info: first.version_info,
    });
    await eventually(() => server.clients()[0]?.routes.has('default/front') === true);
    await sleep(50);
    assert.equal(answers.length, 1);
    server.offer(() => resourcesOf([edge({ a: 6_000, b: 4_000 })]));
    const second = await next(2);
    assert.notEqual(second.version_info, first.version_info);
    assert.deepEqual(packedNames(second), ['default/front']);
    server.offer(() => resourcesOf([edge({ a: 6_000, b: 4_000 })]));
    await sleep(50);
    assert.equal(answers.length, 2, 'nothing differs: nothing is sent');
  });

  it('gives Envoys what they all need, and clients what they name', async () => {
    const envoy = connect('StreamAggregatedResources', 'envoy');
    envoy.send(TYPES.listener, {});
    assert.deepEqual(packedNames(await envoy.next(1)), [ENVOY]);
    envoy.send(TYPES.cluster, {});
    assert.equal((await envoy.next(2)).resources.length, 2);
    const client = connect('StreamAggregatedResources', 'client');
    client.send(TYPES.listener, { resource_names: ['default/front.svc:8080'] });
    assert.deepEqual(packedNames(await client.next(1)), ['default/front.svc:8080']);
    client.send(TYPES.listener, { resource_names: ['nobody'] });
    assert.deepEqual((await client.next(2)).resources ?? [], []);
  });

  it('sends clusters before the routes that name them', async () => {
    const { answers, next, send } = connect('StreamAggregatedResources');
    for (const type of [TYPES.route, TYPES.cluster, TYPES.endpoints, TYPES.listener])
      send(
        type,
        type === TYPES.route
          ? { resource_names: [ENVOY] }
          : type === TYPES.endpoints
            ? { resource_names: ['default/front/c'] }
            : {},
      );
    await next(4);
    server.offer(() => resourcesOf([edge({ a: 5_000, c: 5_000 })]));
    await next(7);
    assert.deepEqual(
      answers.slice(4).map(({ type_url: type }) => type),
      [TYPES.cluster, TYPES.endpoints, TYPES.route],
    );
  });

  it('remembers a refusal until a later answer is acknowledged', async () => {
    const { next, send } = connect('StreamAggregatedResources');
    send(TYPES.route, { resource_names: [ENVOY] });
    const first = await next(1);
    send(TYPES.route, {
      resource_names: [ENVOY],
      response_nonce: first.nonce,
      error_detail: { code: 3, message: 'no such cluster' },
    });
    await eventually(() => server.clients()[0]?.refused === 'no such cluster');
    assert.equal(server.clients()[0]?.routes.size, 0);
    server.offer(() => resourcesOf([edge({ a: 1 })]));
    const second = await next(2);
    send(TYPES.route, {
      resource_names: [ENVOY],
      response_nonce: second.nonce,
      version_info: second.version_info,
    });
    await eventually(() => server.clients()[0]?.refused === undefined && changes >= 2);
    assert.ok(server.clients()[0]?.routes.has(ENVOY));
  });

  it('tells an incremental stream only what differs, and what is gone', async () => {
    const { next, send } = connect('DeltaAggregatedResources');
    send(TYPES.cluster, { resource_names_subscribe: ['*'] });
    const first = await next(1);
    assert.deepEqual(
      first.resources.map(({ name }) => name),
      ['default/front/a', 'default/front/b'],
    );
    server.offer(() => resourcesOf([edge({ a: 5_000, c: 5_000 })]));
    const second = await next(2);
    assert.deepEqual(
      second.resources.map(({ name }) => name),
      ['default/front/c'],
    );
    assert.deepEqual(second.removed_resources, ['default/front/b']);
  });

  it('does not send again what an incremental stream brings along', async () => {
    const version = resourcesOf([edge({ a: 7_000, b: 3_000 })])
      .get(TYPES.cluster)
      ?.get('default/front/a')?.version;
    const { next, send } = connect('DeltaAggregatedResources');
    send(TYPES.cluster, {
      resource_names_subscribe: ['*'],
      initial_resource_versions: { 'default/front/a': version, 'default/front/z': '1' },
    });
    const first = await next(1);
    assert.deepEqual(
      first.resources.map(({ name }) => name),
      ['default/front/b'],
    );
    assert.deepEqual(first.removed_resources, ['default/front/z']);
  });

  it('tells callers the weights of their own region, by their locality or their node', async () => {
    const byCaller = new Map([['south', new Map([['b', 10_000]])]]);
    server.offer((region) => resourcesOf([{ ...edge({ a: 7_000, b: 3_000 }), byCaller }], region));
    const groups = async (node: object): Promise<string[]> => {
      const { next, send } = connect('StreamAggregatedResources');
      send(TYPES.route, { node, resource_names: ['default/front'] });
      const text = Buffer.from((await next(1)).resources[0]?.value ?? []).toString('latin1');
      return [...text.matchAll(/default\/front\/(\w)/g)].map(([, group = '']) => group);
    };
    assert.deepEqual(await groups({ id: 'node-north' }), ['a', 'b']);
    assert.deepEqual(await groups({ id: 'node-south' }), ['b']);
    assert.deepEqual(await groups({ id: 'x', locality: { region: 'south' } }), ['b']);
    assert.deepEqual(await groups({ id: 'node-south', locality: { region: 'north' } }), ['a', 'b']);
    assert.deepEqual(
      server.clients().map(({ region }) => region),
      ['', 'south', 'south', 'north'],
    );
  });

  it('forgets who has left', async () => {
    const { next, send } = connect('StreamAggregatedResources');
    send(TYPES.cluster, {});
    await next(1);
    assert.equal(server.clients().length, 1);
    for (const stream of streams) stream.cancel();
    await eventually(() => server.clients().length === 0);
  });
});
