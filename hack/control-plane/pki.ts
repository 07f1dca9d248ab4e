import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createAuthority, createTokenKey, issue } from '#kube/pki/certificates.ts';
import type { Authority, Pair } from '#kube/pki/certificates.ts';

/** The group that may do everything. */
const MASTERS = 'system:masters';
const HOSTS = ['localhost', 'kubernetes.default.svc', '127.0.0.1', '10.0.0.1'];

/** A pair of PEM files, by path. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The certificates of one cluster, kept under its `pki` folder. */
export interface Pki {
  readonly authority: Authority;
  readonly caFile: string;
  /** Serves every component and speaks for the administrator. */
  readonly admin: PairFiles;
  readonly adminPair: Pair;
  readonly tokenKeyFile: string;
}

/** Makes a cluster's authority, its administrator and its token key, and writes them to `directory`. */
export async function createPki(directory: string, clusterName: string): Promise<Pki> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const authority = createAuthority(`edgeloom-${clusterName}-ca`);
  const adminPair = issue(authority, { commonName: 'edgeloom-admin', groups: [MASTERS], hosts: HOSTS });
  const caFile = join(directory, 'ca.crt');
  const tokenKeyFile = join(directory, 'token.key');
  const [admin] = await Promise.all([
    writePair(directory, 'admin', adminPair),
    writeFile(caFile, authority.certificate),
    writeFile(tokenKeyFile, createTokenKey(), { mode: 0o600 }),
  ]);
  return { authority, caFile, admin, adminPair, tokenKeyFile };
}

/** Writes a pair as `NAME.crt` and `NAME.key`. */
export async function writePair(directory: string, name: string, pair: Pair): Promise<PairFiles> {
  const files = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  await writeFile(files.certificate, pair.certificate);
  await writeFile(files.key, pair.key, { mode: 0o600 });
  return files;
}

/** A kubeconfig that needs no other file: certificates are inside. */
export function kubeconfigOf(
  clusterName: string,
  server: string,
  caPem: string,
  user: string,
  pair: Pair,
): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const context = `edgeloom-${clusterName}`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: context, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
      users: [
        {
          name: user,
          user: {
            'client-certificate-data': base64(pair.certificate),
            'client-key-data': base64(pair.key),
          },
        },
      ],
      contexts: [{ name: context, context: { cluster: context, user } }],
      'current-context': context,
    },
    { lineWidth: 0 },
  );
}

/** The groups the API server gives a service account; a certificate must name them itself. */
export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
}
