import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { MODULES } from './paths.ts';
import { files, type ServerName } from './servers.ts';

/** A service that the scheduler asks while it places a pod. */
export interface ExtenderOptions {
  /** For example `https://127.0.0.1:9443/v1`; `filter` and `prioritize` are added to it. */
  readonly urlPrefix: string;
  /** The authority of its certificate, when it speaks https. */
  readonly caFile?: string;
  readonly weight?: number;
  readonly timeoutMs?: number;
}

/** How the scheduler for profile `edgeloom` is set up. */
export interface SchedulerOptions {
  readonly extender?: ExtenderOptions;
  /** Above the default 2, so that the order of our candidates outvotes the other plugins. */
  readonly nodeAffinityWeight?: number;
  /** A whole KubeSchedulerConfiguration in place of the above; only its connection is replaced. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** The configuration of the scheduler for pods with `schedulerName: edgeloom`. */
export function edgeloomScheduler(kubeconfig: string, options: SchedulerOptions): Record<string, unknown> {
  if (options.configuration !== undefined) return { ...options.configuration, ...connection(kubeconfig) };
  const weight = options.nodeAffinityWeight ?? 20;
  return {
    ...stockScheduler(kubeconfig),
    percentageOfNodesToScore: 100,
    profiles: [
      {
        schedulerName: 'edgeloom',
        plugins: { multiPoint: { enabled: [{ name: 'NodeAffinity', weight }] } },
      },
    ],
    ...(options.extender === undefined ? {} : { extenders: [extender(options.extender)] }),
  };
}

/** The configuration of the scheduler for every other pod. */
export function stockScheduler(kubeconfig: string): Record<string, unknown> {
  return {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    ...connection(kubeconfig),
  };
}

function connection(kubeconfig: string): Record<string, unknown> {
  return {
    clientConnection: { kubeconfig, qps: 5000, burst: 10_000 },
    leaderElection: { leaderElect: false },
  };
}

function extender({
  urlPrefix,
  caFile,
  weight = 13,
  timeoutMs = 250,
}: ExtenderOptions): Record<string, unknown> {
  const https = urlPrefix.startsWith('https:');
  return {
    urlPrefix,
    filterVerb: 'filter',
    prioritizeVerb: 'prioritize',
    weight,
    nodeCacheCapable: true,
    ignorable: true,
    httpTimeout: `${timeoutMs}ms`,
    ...(https ? { enableHTTPS: true } : {}),
    ...(https && caFile !== undefined ? { tlsConfig: { caFile } } : {}),
  };
}

/** Writes a scheduler's configuration where its command line looks for it. */
export async function writeScheduler(
  directory: string,
  name: ServerName,
  configuration: Record<string, unknown>,
): Promise<void> {
  await writeFile(files.schedulerConfig(directory, name), stringify(configuration));
}

// kwok's own default is 4 of each. That many lease workers cannot renew 1000 short leases in time; more of
// them take processor time from everything else, so only short leases get them.
const PARALLELISM = 4;
const SHORT_LEASES = { underSeconds: 20, parallelism: 32 };

/** Writes kwok's stages, with our options in front: the binary has no stages of its own. */
export async function writeKwok(directory: string, leaseSeconds: number): Promise<void> {
  const short = leaseSeconds < SHORT_LEASES.underSeconds;
  const options = {
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokConfiguration',
    options: {
      nodeLeaseParallelism: short ? SHORT_LEASES.parallelism : PARALLELISM,
      nodePlayStageParallelism: PARALLELISM,
      podPlayStageParallelism: PARALLELISM,
    },
  };
  const stages = await readFile(join(MODULES, 'kwok/stages.yaml'), 'utf8');
  await writeFile(files.kwokConfig(directory), `${stringify(options)}---\n${stages}`);
}

/** Writes a policy that records every request once, without bodies. */
export async function writeAuditPolicy(directory: string): Promise<void> {
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  };
  await writeFile(files.auditPolicy(directory), stringify(policy));
}
