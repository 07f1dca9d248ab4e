import assert from 'node:assert/strict';
import { edgeloomScheduler } from './configuration.ts';
import { createAuthority, issue } from '#kube/pki/certificates.ts';
import { commandLine, healthUrl, PORTS, SERVERS, type Layout } from './servers.ts';

const authority = createAuthority('test');
const plain: Layout = {
  directory: '/state/demo',
  ports: Object.fromEntries(PORTS.map((name, index) => [name, 20_000 + index])) as Layout['ports'],
  pki: {
    authority,
    caFile: '/state/demo/pki/ca.crt',
    admin: { certificate: '/state/demo/pki/admin.crt', key: '/state/demo/pki/admin.key' },
    adminPair: issue(authority, { commonName: 'admin' }),
    tokenKeyFile: '/state/demo/pki/token.key',
  },
  nodeLoss: {},
  leaseSeconds: 40,
  audit: false,
};

describe('command lines', () => {
  for (const name of SERVERS) {
    it(`${name} uses its own port on the loopback address and names the cluster's folder`, () => {
      const line = commandLine(name, plain).join(' ');
      assert.ok(line.includes(String(plain.ports[name])));
      assert.ok(line.includes('/state/demo/'), 'by this `cluster down` knows the process');
      assert.ok(!line.includes('=0.0.0.0'));
      assert.ok(healthUrl(name, plain.ports).includes(`127.0.0.1:${plain.ports[name]}/`));
    });
  }

  it('leave node loss to the defaults of Kubernetes unless asked', () => {
    assert.ok(!commandLine('kube-controller-manager', plain).some((flag) => flag.startsWith('--node-')));
    const nodeLoss = { monitorPeriodSeconds: 1, graceSeconds: 7, evictionsPerSecond: 100 };
    const tuned = commandLine('kube-controller-manager', { ...plain, nodeLoss });
    assert.deepEqual(
      tuned.filter((flag) => flag.startsWith('--node-')),
      ['--node-monitor-period=1s', '--node-monitor-grace-period=7s', '--node-eviction-rate=100'],
    );
  });

  it('give every node to exactly one kwok', () => {
    assert.ok(commandLine('kwok', plain).includes('--manage-nodes-with-label-selector=edgeloomtest!=fault'));
    assert.ok(
      commandLine('kwok-fault', plain).includes('--manage-nodes-with-label-selector=edgeloomtest=fault'),
    );
  });

  it('record requests only when asked', () => {
    const audits = (layout: Layout): boolean =>
      commandLine('kube-apiserver', layout).join().includes('--audit');
    assert.ok(!audits(plain));
    assert.ok(audits({ ...plain, audit: true }));
  });
});

describe('scheduler configuration', () => {
  it('lets the order of our candidates win and does not throttle', () => {
    assert.deepEqual(edgeloomScheduler('/k', {}), {
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      kind: 'KubeSchedulerConfiguration',
      clientConnection: { kubeconfig: '/k', qps: 5000, burst: 10_000 },
      leaderElection: { leaderElect: false },
      percentageOfNodesToScore: 100,
      profiles: [
        {
          schedulerName: 'edgeloom',
          plugins: { multiPoint: { enabled: [{ name: 'NodeAffinity', weight: 20 }] } },
        },
      ],
    });
  });

  it('asks an extender that may fail', () => {
    const extender = { urlPrefix: 'https://127.0.0.1:9443/v1', caFile: '/ca.crt' };
    const { extenders } = edgeloomScheduler('/k', { extender });
    assert.deepEqual(extenders, [
      {
        urlPrefix: 'https://127.0.0.1:9443/v1',
        filterVerb: 'filter',
        prioritizeVerb: 'prioritize',
        weight: 13,
        nodeCacheCapable: true,
        ignorable: true,
        httpTimeout: '250ms',
        enableHTTPS: true,
        tlsConfig: { caFile: '/ca.crt' },
      },
    ]);
  });

  it('takes a whole configuration and only replaces its connection', () => {
    const configuration = { kind: 'KubeSchedulerConfiguration', profiles: [{ schedulerName: 'mine' }] };
    const made = edgeloomScheduler('/k', { configuration });
    assert.deepEqual(made.profiles, configuration.profiles);
    assert.deepEqual(made.leaderElection, { leaderElect: false });
  });
});
