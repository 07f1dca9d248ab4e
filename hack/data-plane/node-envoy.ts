import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issue } from '#kube/pki/certificates.ts';
import { ProcessGroup } from '../control-plane/processes.ts';

/** Where node-local Envoys take connections. */
export const NODE_ENVOY = '127.0.0.1:15001';

/** Certificates of a discovery server and its clients, as files: `ca.crt`, `tls.crt` and `tls.key` in `server` and in `client`. */
export async function discoveryCertificates(folder: string): Promise<{ server: string; client: string }> {
  const authority = createAuthority('discovery');
  const hosts = ['edgeloom-operator', 'localhost', '127.0.0.1'];
  const pairs = {
    server: issue(authority, { commonName: 'edgeloom-operator', hosts }),
    client: issue(authority, { commonName: 'caller' }),
  };
  for (const [name, { certificate, key }] of Object.entries(pairs)) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'ca.crt'), authority.certificate);
    await writeFile(join(folder, name, 'tls.crt'), certificate);
    await writeFile(join(folder, name, 'tls.key'), key, { mode: 0o600 });
  }
  return { server: join(folder, 'server'), client: join(folder, 'client') };
}

/** What a node-local Envoy is started with. */
export interface NodeEnvoyOptions {
  readonly envoy: string;
  readonly folder: string;
  /** Name of its node. */
  readonly node: string;
  /** Port of the discovery server on this machine. */
  readonly port: number;
  /** Folder of the client's certificates. */
  readonly certificates: string;
  /** Free port for its admin interface. */
  readonly admin: number;
  /** Asks for differences (incremental xDS) instead of everything (state of the world). */
  readonly incremental?: boolean;
}

/** Starts a stock Envoy that is told everything by our discovery server over mutual TLS; `close` ends it. */
export async function startNodeEnvoy(options: NodeEnvoyOptions): Promise<ProcessGroup> {
  const { envoy, folder, node, port, certificates, admin, incremental = false } = options;
  const values: Record<string, string | number> = { node, admin, server: '127.0.0.1', port, certs: certificates }; // prettier-ignore
  const text = await readFile(join(import.meta.dirname, 'node-envoy.yaml'), 'utf8');
  const filled = text
    .replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]))
    .replace('api_type: GRPC', `api_type: ${incremental ? 'DELTA_GRPC' : 'GRPC'}`);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${node}.yaml`);
  await writeFile(file, filled);
  const group = new ProcessGroup();
  const flags = ['--concurrency', '1', '--base-id', '9', '--log-level', 'warn'];
  group.start('envoy', [envoy, '-c', file, ...flags], join(folder, `${node}.log`));
  return group;
}

/** Bootstrap of a proxyless gRPC client; `certificates`: its folder, where the server wants mutual TLS. */
export function grpcBootstrap(port: number, region: string, certificates?: string): object {
  const creds =
    certificates === undefined
      ? { type: 'insecure' }
      : {
          type: 'tls',
          config: {
            ca_certificate_file: join(certificates, 'ca.crt'),
            certificate_file: join(certificates, 'tls.crt'),
            private_key_file: join(certificates, 'tls.key'),
          },
        };
  const server = { server_uri: `127.0.0.1:${port}`, channel_creds: [creds], server_features: ['xds_v3'] };
  return {
    xds_servers: [server],
    node: { id: `caller-${region}`, locality: { region, zone: region, sub_zone: '' } },
  };
}
