import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessGroup } from '#hack/control-plane/processes.ts';
import type { Running } from '#hack/control-plane/processes.ts';
import { until } from '#hack/demo/observe.ts';
import { chain, Edgeloom, node, region } from './edgeloom.ts';

const PORT = 28_184;
/** Simulated nodes have no network of their own: addresses of this machine's loopback stand in for theirs. */
const ADDRESSES = { 'east-1': '127.30.0.1', 'left-1': '127.30.0.2', 'right-1': '127.30.0.3' };

describe('measured links on a real cluster', () => {
  let edgeloom: Edgeloom;
  let group: ProcessGroup;
  let account: string;
  const probers = new Map<string, Running>();

  before(async () => {
    edgeloom = await Edgeloom.start('prober', {
      nodes: [node('east-1', 'east', 1), node('left-1', 'left'), node('right-1', 'right')],
      // Stale after 20 periods: 5 s.
      operator: ['--prober-port', String(PORT), '--prober-period', '250ms'],
    });
    await until('nodes keep their addresses', 30_000, address);
    edgeloom.kubectl('apply', '--server-side', '-f', 'config/prober/rbac.yaml');
    const links = [
      { from: 'east', to: 'left', latency: '9ms', bandwidth: '10G' },
      { from: 'east', to: 'right', latency: '2ms', bandwidth: '10G' },
    ];
    const attachment = { latency: '0ms', bandwidth: '10G' };
    const east = region('east') as { spec: object };
    await edgeloom.apply(
      { ...east, spec: { ...east.spec, topology: { attachment, links } } },
      region('left'),
      region('right'),
    );
    account = await edgeloom.cluster.kubeconfigForServiceAccount('edgeloom-system', 'edgeloom-prober');
    group = new ProcessGroup();
  });
  after(async () => {
    await group.close();
    await edgeloom.stop();
  });

  /** Gives nodes their addresses; true when they have kept them for a while: who simulates them gives them others at first. */
  const address = async (): Promise<true | undefined> => {
    const format = 'jsonpath={.status.addresses[*].address}';
    const wrong = Object.entries(ADDRESSES).filter(
      ([name, ip]) => edgeloom.kubectl('get', 'node', name, '-o', format) !== ip,
    );
    for (const [name, ip] of wrong) {
      const patch = JSON.stringify({ status: { addresses: [{ type: 'InternalIP', address: ip }] } });
      edgeloom.kubectl('patch', 'node', name, '--subresource=status', '--type=merge', '-p', patch);
    }
    await sleep(1_000);
    return wrong.length === 0 ? true : undefined;
  };
  /** Starts the prober of a node under its own role. */
  const probe = (name: keyof typeof ADDRESSES): void => {
    const { cluster } = edgeloom;
    const where = ['--node', name, '--address', ADDRESSES[name], '--port', String(PORT)];
    const how = ['--probe-port', String(PORT + 1), '--rate', '50', '--kubeconfig', account];
    const program = join(cluster.directory, 'dist/main.mjs');
    const log = join(cluster.directory, 'logs', `edgeloom-prober-${name}.log`);
    probers.set(name, group.start(name, [process.execPath, program, 'prober', ...where, ...how], log));
  };
  /** Waits for the condition Measured of region east. */
  const measured = (pattern: RegExp): Promise<string> => {
    let last = '';
    return until(
      `east is ${pattern}`,
      25_000,
      async () => {
        const { status } = await edgeloom.region('east');
        const found = status?.conditions?.find(({ type }) => type === 'Measured');
        last = `${found?.status} ${found?.reason}: ${found?.message}; ${JSON.stringify(status?.links)}`;
        return pattern.test(last) ? last : undefined;
      },
      () => `last seen ${last}; logs in ${edgeloom.cluster.directory}/logs`,
    );
  };
  const placedOn = async (name: string): Promise<string | undefined> => {
    await edgeloom.apply(chain(name, { services: 1, cpu: '2' }));
    await edgeloom.condition(name, 'Placed', 'True', 25_000);
    const [pod] = await edgeloom.pods(name);
    edgeloom.kubectl('delete', 'sdag', name, '--wait=false');
    return pod?.spec.nodeName;
  };

  it('appear in status, change where things go, go stale with their prober, and come back with it', async () => {
    edgeloom.kubectl('apply', '--dry-run=server', '-f', 'config/prober/daemonset.yaml');
    await measured(/^Unknown NotMeasured/);
    assert.equal(await placedOn('declared'), 'right-1');
    probe('east-1');
    probe('left-1');
    const said = await measured(/^True PartlyMeasured: 1 of 2 links are measured; not east → right/);
    const { status } = await edgeloom.region('east');
    const [row] = status?.links ?? [];
    assert.deepEqual([row?.from, row?.to], ['east', 'left'], said);
    assert.ok((row?.measuredLatencyMicros ?? Infinity) < 2_000, said);
    assert.equal(await placedOn('measured'), 'left-1');
    await Promise.all([...probers.values()].map((prober) => prober.kill()));
    await measured(/^False Stale: not measured any more: east → left \(\d+ us at .*Z\).*; (\[\]|undefined)$/);
    // The agents' and the operator's caches hear of it on their own.
    await sleep(500);
    assert.equal(await placedOn('stale'), 'right-1');
    probe('east-1');
    probe('left-1');
    await measured(/^True PartlyMeasured/);
  });
});
