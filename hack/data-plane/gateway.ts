import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { ProcessGroup } from '../control-plane/processes.ts';
import { until } from '../demo/observe.ts';
import { gatewayApiDefinitions } from '../gateway-api/definitions.ts';
import { kubectl } from '../parts.ts';
import type { DataPlane } from './binaries.ts';

const NAMESPACE = 'envoy-gateway-system';
/** Envoy's admin and Prometheus ports, moved away from Envoy Gateway's own. */
const ADMIN = 21_900;
/** Where Envoy's counters are. */
export const METRICS = 'http://127.0.0.1:21901/stats/prometheus';

/** Envoy Gateway reads its certificates from /certs, a path that is compiled in: it runs in a mount namespace that has one. */
const WITH_CERTS = `
  mount -t tmpfs none root
  for d in /*; do if [ -L $d ]; then cp -P $d root$d; elif [ -d $d ]; then mkdir root$d; mount --rbind $d root$d; fi; done
  mkdir -p root/certs; mount --bind certs/envoy-gateway root/certs
  exec chroot root env -C "$PWD" "$0" server --config-path "$1"`;

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly name: string; readonly args?: readonly string[] }[];
      };
    };
  };
}

/** Envoy Gateway and one stock Envoy beside a local cluster. */
export class GatewayBeside {
  readonly #cluster: LocalCluster;
  readonly #programs: DataPlane;
  readonly #group: ProcessGroup;
  readonly #folder: string;

  constructor(cluster: LocalCluster, programs: DataPlane) {
    this.#cluster = cluster;
    this.#programs = programs;
    this.#group = new ProcessGroup({ KUBECONFIG: cluster.kubeconfig });
    this.#folder = join(cluster.directory, 'data-plane');
  }

  /** Installs definitions and certificates and starts Envoy Gateway and the east-west Gateway. */
  async start(): Promise<void> {
    const cluster = this.#cluster;
    await mkdir(join(this.#folder, 'root'), { recursive: true });
    for (const folder of [gatewayApiDefinitions(), this.#programs.definitions])
      kubectl(cluster, 'apply', '--server-side', '-f', folder);
    kubectl(cluster, 'create', 'namespace', NAMESPACE);
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    const done = spawnSync(this.#programs.envoyGateway, ['certgen', '--disable-topology-injector'], {
      env,
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`envoy-gateway certgen: ${done.stderr}`);
    for (const name of ['envoy-gateway', 'envoy']) await this.#certificates(name);
    const log = join(this.#folder, 'envoy-gateway.log');
    const config = join(import.meta.dirname, 'envoy-gateway.yaml');
    const script = `cd ${this.#folder}\n${WITH_CERTS}`;
    this.#group.start(
      'envoy-gateway',
      ['/usr/bin/unshare', '-m', '/bin/bash', '-c', script, this.#programs.envoyGateway, config],
      log,
    );
    await until(
      'Envoy Gateway is ready',
      30_000,
      () => answers('http://127.0.0.1:8081/readyz'),
      () => `see ${log}`,
    );
    kubectl(cluster, 'apply', '--server-side', '-f', join(import.meta.dirname, 'east-west.yaml'));
  }

  /** Starts Envoy with the bootstrap that Envoy Gateway wrote for the Gateway's own pods. */
  async startEnvoy(): Promise<void> {
    const deployment = await until('the Gateway has a Deployment', 30_000, async () => {
      const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments?labelSelector=gateway.envoyproxy.io/owning-gateway-name%3Deast-west`;
      return (await this.#cluster.api.get<{ items: Deployment[] }>(path)).items[0];
    });
    const { args = [] } = deployment.spec.template.spec.containers.find(({ name }) => name === 'envoy') ?? {};
    const bootstrap = (args[args.indexOf('--config-yaml') + 1] ?? '')
      .replaceAll(/envoy-gateway\.envoy-gateway-system\.svc\.cluster\.local\.?/g, '127.0.0.1')
      .replaceAll('/sds/', `${this.#folder}/sds/`)
      .replaceAll('port_value: 19000', `port_value: ${ADMIN}`)
      .replaceAll('port_value: 19001', 'port_value: 21901')
      .replaceAll('$(ENVOY_SERVICE_ZONE)', '');
    const sds = join(this.#folder, 'sds');
    const pair = join(this.#folder, 'certs/envoy');
    const type = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
    await mkdir(sds, { recursive: true });
    const secret = (file: string, body: object): Promise<void> =>
      writeFile(join(sds, file), JSON.stringify({ resources: [{ '@type': type, ...body }] }));
    await secret('xds-trusted-ca.json', {
      name: 'xds_trusted_ca',
      validation_context: { trusted_ca: { filename: join(pair, 'ca.crt') } },
    });
    await secret('xds-certificate.json', {
      name: 'xds_certificate',
      tls_certificate: {
        certificate_chain: { filename: join(pair, 'tls.crt') },
        private_key: { filename: join(pair, 'tls.key') },
      },
    });
    const file = join(this.#folder, 'bootstrap.yaml');
    await writeFile(file, bootstrap);
    const log = join(this.#folder, 'envoy.log');
    const flags = [
      '--service-cluster',
      'default/east-west',
      '--service-node',
      'local-1',
      '--log-level',
      'warn',
    ];
    const more = ['--concurrency', '2', '--drain-strategy', 'immediate', '--base-id', '7'];
    this.#group.start('envoy', [this.#programs.envoy, ...flags, ...more, '-c', file], log);
    await until(
      'Envoy is ready',
      20_000,
      () => answers('http://127.0.0.1:19003/ready'),
      () => `see ${log}`,
    );
  }

  /** Requests that Envoy has sent to each backend Service, by name. */
  async counters(): Promise<Map<string, number>> {
    const text = await (await fetch(METRICS)).text();
    const lines = text.matchAll(
      /^envoy_cluster_upstream_rq_total\{envoy_cluster_name="service\/default\/([^/]+)\/[^"]*"\} (\d+)/gm,
    );
    return new Map([...lines].map(([, name = '', count = '0']) => [name, Number(count)]));
  }

  /** Ends both. */
  stop(): Promise<void> {
    return this.#group.close();
  }

  async #certificates(name: string): Promise<void> {
    const folder = join(this.#folder, 'certs', name);
    await mkdir(folder, { recursive: true });
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`;
    const { data } = await this.#cluster.api.get<{ data: Record<string, string> }>(path);
    for (const file of ['ca.crt', 'tls.crt', 'tls.key'])
      await writeFile(join(folder, file), Buffer.from(data[file] ?? '', 'base64'), { mode: 0o600 });
  }
}

async function answers(url: string): Promise<true | undefined> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok ? true : undefined;
  } catch {
    return undefined;
  }
}
