import { join } from 'node:path';
import { binary } from './paths.ts';
import { FAULT_LABEL, FAULT_VALUE } from './nodes.ts';
import type { Pki } from './pki.ts';

/** The servers of a cluster, in the order in which they start. */
export const SERVERS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'edgeloom-scheduler',
  'kwok',
  'kwok-fault',
] as const;
/** One of them. `edgeloom-scheduler` is a second kube-scheduler; `kwok-fault` simulates the nodes that may be killed. */
export type ServerName = (typeof SERVERS)[number];
/** What needs a port of its own. */
export type PortName = ServerName | 'etcd-peer';
/** Every port a cluster reserves. */
export const PORTS: readonly PortName[] = [...SERVERS, 'etcd-peer'];

/** How fast the controller manager notices and empties lost nodes; left out: Kubernetes' own 5 s, 50 s, 0.1/s. */
export interface NodeLossOptions {
  readonly monitorPeriodSeconds?: number;
  readonly graceSeconds?: number;
  readonly evictionsPerSecond?: number;
}

/** What the command lines are made from. */
export interface Layout {
  readonly directory: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly pki: Pki;
  readonly nodeLoss: NodeLossOptions;
  readonly leaseSeconds: number;
  readonly audit: boolean;
}

/** The service addresses; kwok's pod addresses below must lie outside. */
const SERVICE_RANGE = '10.0.0.0/16';
const POD_RANGE = { kwok: '10.64.0.0/12', 'kwok-fault': '10.80.0.0/12' } as const;
// The defaults (20/30 for controllers, 50/100 for schedulers) would be the bottleneck of every test.
const QPS = ['--kube-api-qps=5000', '--kube-api-burst=10000'];

/** Files that the command lines name, inside a cluster's folder. */
export const files = {
  kubeconfig: (directory: string): string => join(directory, 'kubeconfig'),
  schedulerKubeconfig: (directory: string): string => join(directory, 'pki/kube-scheduler.kubeconfig'),
  schedulerConfig: (directory: string, name: ServerName): string => join(directory, `${name}.yaml`),
  kwokConfig: (directory: string): string => join(directory, 'kwok.yaml'),
  auditPolicy: (directory: string): string => join(directory, 'audit-policy.yaml'),
  auditLog: (directory: string): string => join(directory, 'logs/audit.log'),
  log: (directory: string, name: ServerName): string => join(directory, `logs/${name}.log`),
} as const;

/** The address of the API server. */
export const serverUrl = (ports: Layout['ports']): string => `https://127.0.0.1:${ports['kube-apiserver']}`;

/** Where a server says that it is well. */
export function healthUrl(name: ServerName, ports: Layout['ports']): string {
  const at = `127.0.0.1:${ports[name]}`;
  if (name === 'etcd') return `http://${at}/health`;
  if (name === 'kube-apiserver') return `https://${at}/readyz`;
  return name.startsWith('kwok') ? `http://${at}/healthz` : `https://${at}/healthz`;
}

/** The program and arguments of a server. */
export function commandLine(name: ServerName, layout: Layout): string[] {
  if (name === 'etcd') return etcd(layout);
  if (name === 'kube-apiserver') return apiServer(layout);
  if (name === 'kube-controller-manager') return controllerManager(layout);
  return name === 'kwok' || name === 'kwok-fault' ? kwok(name, layout) : scheduler(name, layout);
}

function etcd({ directory, ports }: Layout): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports['etcd-peer']}`;
  return [
    binary('etcd'),
    '--name=n0',
    `--data-dir=${join(directory, 'etcd')}`,
    '--unsafe-no-fsync', // the data need not survive the machine
    '--log-level=warn',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=n0=${peer}`,
  ];
}

function apiServer({ directory, ports, pki, audit }: Layout): string[] {
  return [
    binary('kube-apiserver'),
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports['kube-apiserver']}`,
    '--endpoint-reconciler-type=none', // a loopback address is refused as an endpoint
    ...serving(pki),
    `--client-ca-file=${pki.caFile}`,
    '--authorization-mode=Node,RBAC',
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--allow-privileged',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.tokenKeyFile}`,
    `--service-account-signing-key-file=${pki.tokenKeyFile}`,
    ...(audit
      ? [
          `--audit-policy-file=${files.auditPolicy(directory)}`,
          `--audit-log-path=${files.auditLog(directory)}`,
        ]
      : []),
  ];
}

function controllerManager({ directory, ports, pki, nodeLoss }: Layout): string[] {
  const { monitorPeriodSeconds: period, graceSeconds: grace, evictionsPerSecond: evictions } = nodeLoss;
  return [
    binary('kube-controller-manager'),
    `--kubeconfig=${files.kubeconfig(directory)}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports['kube-controller-manager']}`,
    ...serving(pki),
    '--leader-elect=false',
    `--root-ca-file=${pki.caFile}`,
    `--service-account-private-key-file=${pki.tokenKeyFile}`,
    ...QPS,
    ...(period === undefined ? [] : [`--node-monitor-period=${period}s`]),
    ...(grace === undefined ? [] : [`--node-monitor-grace-period=${grace}s`]),
    ...(evictions === undefined ? [] : [`--node-eviction-rate=${evictions}`]),
  ];
}

function scheduler(
  name: 'kube-scheduler' | 'edgeloom-scheduler',
  { directory, ports, pki }: Layout,
): string[] {
  return [
    binary('kube-scheduler'),
    `--config=${files.schedulerConfig(directory, name)}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports[name]}`,
    ...serving(pki),
    '--authentication-skip-lookup',
    '--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics',
  ];
}

function kwok(name: 'kwok' | 'kwok-fault', { directory, ports, leaseSeconds }: Layout): string[] {
  const selector = name === 'kwok' ? `${FAULT_LABEL}!=${FAULT_VALUE}` : `${FAULT_LABEL}=${FAULT_VALUE}`;
  return [
    binary('kwok'),
    `--kubeconfig=${files.kubeconfig(directory)}`,
    `--config=${files.kwokConfig(directory)}`,
    `--manage-nodes-with-label-selector=${selector}`,
    `--cidr=${POD_RANGE[name]}`,
    '--node-ip=127.0.0.1',
    `--node-port=${ports[name]}`,
    `--server-address=127.0.0.1:${ports[name]}`,
    `--node-lease-duration-seconds=${leaseSeconds}`,
    '-v=WARN',
  ];
}

function serving({ admin }: Pki): string[] {
  return [`--tls-cert-file=${admin.certificate}`, `--tls-private-key-file=${admin.key}`];
}
