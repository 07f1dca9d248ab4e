import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubePod } from '#crds/node.ts';
import { until } from '#hack/demo/observe.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';

/** Names of the nodes that a pod is pinned to, in order. */
const pinsOf = (pod: KubePod): (string | undefined)[] =>
  (
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  ).map((term) => term.matchFields?.[0]?.values?.[0]);

describe('a ServiceDAG on a real cluster', () => {
  let edgeloom: Edgeloom;
  const fault = { labels: { edgeloomtest: 'fault' } };

  before(async () => {
    edgeloom = await Edgeloom.start('stories', {
      nodes: [
        node('east-1', 'east'),
        node('east-2', 'east', 4, fault),
        node('east-3', 'east'),
        node('west-1', 'west'),
        node('west-2', 'west'),
      ],
      nodeLoss: { monitorPeriodSeconds: 1, graceSeconds: 5, evictionsPerSecond: 100 },
      leaseSeconds: 8,
    });
    await edgeloom.apply(region('east', 'west'), region('west'));
  });
  after(() => edgeloom.stop());

  it('is placed, bound inside its pins, and explained in status', async () => {
    await edgeloom.apply(chain('shop'));
    await edgeloom.condition('shop', 'Ready', 'True');
    const pods = await edgeloom.pods('shop');
    assert.equal(pods.length, 3);
    for (const pod of pods) {
      assert.ok(
        pinsOf(pod).includes(pod.spec.nodeName),
        `${pod.metadata.name} is on ${pod.spec.nodeName}, pinned to ${pinsOf(pod).join()}`,
      );
      assert.equal(pod.spec.schedulerName, 'edgeloom');
    }
    const { status } = await edgeloom.dag('shop');
    assert.ok((status?.predicted?.latencyMicros ?? Infinity) < 50_000);
    assert.equal(status?.plan?.source, 'Search');
    assert.deepEqual(status?.microservices?.map((m) => m.name).toSorted(), ['s0', 's1', 's2']);
    assert.match(edgeloom.kubectl('get', 'sdag', 'shop'), /shop/);
  });

  it('costs no write once it is settled', async () => {
    const versions = async (): Promise<string> =>
      edgeloom.kubectl(
        'get',
        'sdag,er,dp,deploy,svc,pods',
        '-A',
        '-o',
        'jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion}{"\\n"}{end}',
      );
    const before = await until('nothing changes for 3 s', 30_000, async () => {
      const seen = await versions();
      await sleep(3_000);
      return (await versions()) === seen ? seen : undefined;
    });
    await sleep(8_000);
    assert.equal(await versions(), before);
  });

  it('is placed again after a kill -9 of the operator and of the agents half way', async () => {
    await edgeloom.parts.kill('agents');
    await edgeloom.apply(chain('killed', { services: 4 }));
    await until('the pods wait at their gate', 30_000, async () => {
      const pods = await edgeloom.pods('killed');
      return pods.length === 4 ? true : undefined;
    });
    await edgeloom.parts.kill('operator');
    assert.ok((await edgeloom.pods('killed')).every((pod) => pod.spec.nodeName === undefined));
    await Promise.all([edgeloom.parts.start('operator'), edgeloom.parts.start('agents')]);
    await edgeloom.condition('killed', 'Ready', 'True');
    await edgeloom.remove('killed');
  });

  it('that fits nowhere says what binds, holds nothing, and is placed by itself once it can be', async () => {
    await edgeloom.apply(chain('big', { services: 1, cpu: '12' }));
    const { message } = await edgeloom.condition('big', 'Planned', 'False');
    assert.match(message, /cpu/);
    assert.ok((await edgeloom.pods('big')).every((pod) => pod.spec.nodeName === undefined));
    await edgeloom.cluster.addNodes([node('west-big', 'west', 16)]);
    await edgeloom.condition('big', 'Ready', 'True', 60_000);
    const [pod] = await edgeloom.pods('big');
    assert.equal(pod?.spec.nodeName, 'west-big');
    await edgeloom.remove('big');
    edgeloom.kubectl('delete', 'node', 'west-big');
  });

  it('with a cycle is refused with the members of the cycle', async () => {
    const cyclic = chain('cyclic', {
      spec: {
        edges: [
          { from: 's0', to: 's1' },
          { from: 's1', to: 's2' },
          { from: 's2', to: 's1' },
        ],
      },
    });
    await edgeloom.apply(cyclic);
    const { message } = await edgeloom.condition('cyclic', 'Accepted', 'False');
    assert.match(message, /s1.*s2.*s1/);
    // It is nobody else's problem.
    await edgeloom.apply(chain('beside'));
    await edgeloom.condition('beside', 'Ready', 'True');
    await edgeloom.remove('beside');
    await edgeloom.remove('cyclic');
  });

  it('whose users are in a region that does not exist waits for that region', async () => {
    await edgeloom.apply(chain('early', { ingress: 'north' }));
    const { message } = await edgeloom.condition('early', 'Accepted', 'False');
    assert.match(message, /north/);
    await edgeloom.apply(region('north', 'east'));
    await edgeloom.condition('early', 'Ready', 'True');
    await edgeloom.remove('early');
  });

  it('keeps its pods while the planner is down, and a new one waits and says so', async () => {
    await edgeloom.parts.kill('planner');
    await edgeloom.apply(chain('later'));
    const { reason } = await edgeloom.condition('later', 'Planned', 'Unknown');
    assert.match(reason, /Planner/);
    assert.equal((await edgeloom.pods('shop')).length, 3);
    await edgeloom.parts.start('planner');
    await edgeloom.condition('later', 'Ready', 'True', 60_000);
    await edgeloom.remove('later');
  });

  it('is released to the scheduler when its agent stays away', async () => {
    await edgeloom.parts.kill('agents');
    await edgeloom.apply(
      chain('alone', { spec: { placement: { fallback: { after: '3s', mode: 'Release' } } } }),
    );
    await until('the reaper has released the pods', 45_000, async () => {
      const pods = await edgeloom.pods('alone');
      return pods.length === 3 && pods.every((pod) => pod.spec.nodeName !== undefined) ? true : undefined;
    });
    await edgeloom.parts.start('agents');
    await edgeloom.remove('alone');
  });

  it('moves off a node that is lost, and only what was on it', async () => {
    const nodesOf = async (): Promise<Map<string, string>> =>
      new Map((await edgeloom.pods('wide')).map((p) => [p.metadata.name, p.spec.nodeName ?? '']));
    // One replica fills more than half of a node: all three of the region are needed, and without one the next region.
    await edgeloom.apply(chain('wide', { services: 3, cpu: '2100m' }));
    await edgeloom.condition('wide', 'Ready', 'True');
    const before = await nodesOf();
    const lost = [...before].filter(([, n]) => n === 'east-2').map(([name]) => name);
    assert.ok(lost.length > 0, 'the story needs a replica on east-2');
    await edgeloom.cluster.killFaultNodes();
    await until('the lost replicas run elsewhere', 60_000, async () => {
      const now = [...(await nodesOf())].filter(([, n]) => n !== '');
      return now.length === 3 && now.every(([, n]) => n !== 'east-2') ? true : undefined;
    });
    const after = await nodesOf();
    for (const [name, at] of before)
      if (at !== 'east-2') assert.equal(after.get(name), at, `${name} moved without need`);
    await edgeloom.cluster.healFaultNodes();
    await edgeloom.remove('wide');
  });

  it('leaves nothing behind when it is deleted', async () => {
    await edgeloom.remove('shop');
    await until('everything of it is gone', 30_000, async () => {
      const left = edgeloom.kubectl(
        'get',
        'deploy,svc,dp,pods',
        '-n',
        'default',
        '-l',
        'edgeloom.dev/dag=shop',
        '-o',
        'name',
      );
      return left.trim() === '' ? true : undefined;
    });
  });

  it('is answered by regions that name what is wrong with them', async () => {
    await edgeloom.apply(region('empty', 'east'));
    await edgeloom.apply({
      ...region('twice', 'nowhere'),
      spec: {
        tier: 'Edge',
        nodeSelector: { matchLabels: { 'edgeloom.dev/region': 'west' } },
        topology: { links: [{ from: 'twice', to: 'nowhere', latency: '1ms', bandwidth: '1G' }] },
      },
    });
    const text = async (name: string): Promise<string> =>
      (await edgeloom.region(name)).status?.conditions
        ?.map((c) => `${c.type}=${c.status} ${c.reason} ${c.message}`)
        .join('\n') ?? '';
    await until(
      'empty says it has no node',
      20_000,
      async () => (/no node/i.test(await text('empty')) ? true : undefined),
      () => '',
    );
    await until('twice names the unknown end', 20_000, async () =>
      /nowhere/.test(await text('twice')) ? true : undefined,
    );
    await until('a node in two regions is named', 20_000, async () =>
      /west-1/.test(`${await text('twice')}${await text('west')}`) ? true : undefined,
    );
    edgeloom.kubectl('delete', 'er', 'empty', 'twice');
  });

  it('serves health and metrics on every part', async () => {
    for (const [part, url] of Object.entries(edgeloom.parts.urls)) {
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        assert.equal((await fetch(`${url}${path}`)).status, 200, `${part}${path}`);
      }
    }
    const planner = await (await fetch(`${edgeloom.parts.urls.planner}/metrics`)).text();
    assert.match(planner, /edgeloom_plan_duration_seconds_count/);
  });

  it('can be installed with one kubectl apply -k', () => {
    assert.match(
      edgeloom.kubectl(
        'apply',
        '--server-side',
        '--dry-run=server',
        '--force-conflicts',
        '-k',
        'config/default',
      ),
      /deployment.apps\/edgeloom-operator/,
    );
  });
});
