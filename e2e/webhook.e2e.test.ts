import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { silentLog } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import { createRegistry } from '#kube/metrics.ts';
import { Transport } from '#kube/transport.ts';
import { WebhookPart } from '#operator/webhook/part.ts';
import { until } from '#hack/demo/observe.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';

const REGISTRATIONS = ['validating', 'mutating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/edgeloom-webhook`,
);
const DAGS = '/apis/edgeloom.dev/v1alpha1/namespaces/default/servicedags';

interface Registration {
  readonly webhooks: readonly {
    readonly clientConfig: { readonly url: string; readonly caBundle?: string };
  }[];
}

const withEdges = (name: string, ...edges: [string, string][]): object =>
  chain(name, { spec: { edges: edges.map(([from, to]) => ({ from, to })) } });
const cyclic = (name: string): object => withEdges(name, ['s0', 's1'], ['s1', 's2'], ['s2', 's1']);

describe('the admission webhook on a real API server', () => {
  let edgeloom: Edgeloom;

  before(async () => {
    edgeloom = await Edgeloom.start('webhook', { nodes: [node('east-1', 'east')], webhook: true });
    await edgeloom.apply(region('east'));
  });
  after(() => edgeloom.stop());

  /** What `kubectl apply` of an object prints, well or not. */
  async function applied(object: object): Promise<{ ok: boolean; said: string }> {
    const { cluster } = edgeloom;
    const file = join(cluster.directory, 'applied.yaml');
    await writeFile(file, stringify(object));
    const kubectl = join(import.meta.dirname, '../.cache/bin/kubectl');
    const args = ['--kubeconfig', cluster.kubeconfig, 'apply', '-f', file];
    const { status, stdout, stderr } = spawnSync(kubectl, args, { encoding: 'utf8' });
    return { ok: status === 0, said: `${stdout}${stderr}` };
  }

  const isStored = async (name: string): Promise<boolean> =>
    (await edgeloom.cluster.api.send('GET', `${DAGS}/${name}`)).status === 200;

  const refused: Record<string, { object: object; says: RegExp }> = {
    'a cycle, by its members and what to do': {
      object: cyclic('round'),
      says: /spec\.edges\[1\]: cycle s1 → s2 → s1; remove one of these calls/,
    },
    'an edge that leads nowhere, by its end and the nearest name': {
      object: withEdges('astray', ['s0', 'ss1'], ['s1', 's2']),
      says: /spec\.edges\[0\]\.to: edge s0→ss1: no microservice "ss1"; did you mean s1\?/,
    },
    'a region whose link leads back to itself': {
      object: {
        ...region('loop'),
        spec: {
          tier: 'Edge',
          nodeSelector: { matchLabels: { a: 'b' } },
          topology: { links: [{ from: 'x', to: 'x', latency: '1ms', bandwidth: '1G' }] },
        },
      },
      says: /spec\.topology\.links\[0\]/,
    },
  };
  for (const [what, { object, says }] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => {
      const { ok, said } = await applied(object);
      assert.ok(!ok, said);
      assert.match(said, says);
    });
  }

  it('lets a good one pass, and it is planned', async () => {
    const { ok, said } = await applied(chain('good'));
    assert.ok(ok, said);
    assert.doesNotMatch(said, /Warning/);
    await edgeloom.condition('good', 'Accepted', 'True');
  });

  it('warns of a region that is not there, and lets it pass', async () => {
    const { ok, said } = await applied(chain('elsewhere', { ingress: 'eest' }));
    assert.ok(ok, said);
    assert.match(said, /Warning: spec\.ingress\[0\]\.region: no EdgeRegion "eest"; did you mean east\?/);
  });

  it('refuses a stored one that becomes cyclic, and leaves it as it was', async () => {
    const { ok, said } = await applied(cyclic('good'));
    assert.ok(!ok);
    assert.match(said, /cycle s1 → s2 → s1/);
    assert.equal((await edgeloom.dag('good')).metadata.generation, 1);
  });

  it('is not missed while the operator is down: what is applied is stored', async () => {
    await edgeloom.parts.kill('operator');
    const { ok, said } = await applied(cyclic('unseen'));
    assert.ok(ok, said);
  });

  it('drops no request while authorities and certificates are renewed', async function () {
    this.timeout(60_000);
    const { cluster } = edgeloom;
    const [at = ''] = REGISTRATIONS;
    const registered = async (): Promise<Registration['webhooks'][number]['clientConfig']> => {
      const { webhooks } = await cluster.api.get<Registration>(at);
      assert.ok(webhooks[0]);
      return webhooks[0].clientConfig;
    };
    const { url } = await registered();
    await cluster.api.send('DELETE', '/api/v1/namespaces/edgeloom-system/secrets/edgeloom-webhook-ca');
    // In place of the operator, two replicas under its role that share an authority of a few seconds; the API server asks the first.
    const transport = await Transport.fromKubeConfigFile(
      await cluster.kubeconfigForServiceAccount('edgeloom-system', 'edgeloom-operator'),
    );
    const lives = { authorityMs: 4_500, servingMs: 3_000, overlapMs: 500 };
    const stop = new AbortController();
    const replicas = [Number(new URL(url).port), 0].map((port) => {
      const shell = { transport, namespace: 'edgeloom-system', log: silentLog, regions: () => [] };
      const settings = { port, host: '127.0.0.1', lives };
      return new WebhookPart(settings, { ...shell, registry: createRegistry(), onRestart: () => undefined });
    });
    const ended = runParts(
      stop.signal,
      replicas.flatMap((replica) => replica.parts()),
    );
    const isRefused = async (): Promise<boolean> => {
      const answer = await cluster.api.send<{ message?: string }>(
        'POST',
        `${DAGS}?dryRun=All`,
        cyclic('many'),
      );
      return answer.body.message?.includes('cycle s1 → s2 → s1') === true;
    };
    try {
      await until('the API server asks the new ones', 15_000, async () => (await isRefused()) || undefined);
      const bundles = new Set<string>();
      let asked = 0;
      await until('two authorities took over from another', 20_000, async () => {
        assert.ok(await isRefused(), `request ${asked} was not asked about`);
        asked++;
        const { caBundle = '' } = await registered();
        bundles.add(Buffer.from(caBundle, 'base64').toString().slice(0, 600));
        return bundles.size >= 3 || undefined;
      });
      assert.ok(asked > 50, `${asked} requests`);
    } finally {
      stop.abort();
      await ended;
      await transport.close();
    }
  });

  it('leaves it to the operator, once it is back, to refuse in status what was stored meanwhile', async () => {
    // The killed one gave nothing back; nobody needs to wait for that here.
    edgeloom.kubectl('-n', 'edgeloom-system', 'delete', 'lease', 'edgeloom-operator');
    await edgeloom.parts.start('operator');
    const { reason, message } = await edgeloom.condition('unseen', 'Accepted', 'False');
    assert.equal(reason, 'Cycle');
    assert.match(message, /s1 → s2 → s1/);
  });

  it('does not stand in the way of labels and deletion of what is stored and wrong', async () => {
    edgeloom.kubectl('label', 'sdag', 'unseen', 'a=b');
    edgeloom.kubectl('delete', 'sdag', 'unseen', '--timeout=20s');
    assert.equal(await isStored('unseen'), false);
    assert.ok(!(await applied(cyclic('unseen'))).ok, 'and it cannot come back');
  });
});
