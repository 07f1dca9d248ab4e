import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { LocalCluster } from './control-plane/local-cluster.ts';

const FILE = join(import.meta.dirname, '../config/webhook/configuration.yaml');
const API = '/apis/admissionregistration.k8s.io/v1';

interface Registration {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly { readonly clientConfig: object }[];
}

/**
 * Registers what config/webhook does at an address outside the cluster, such as `https://127.0.0.1:9443/validate`. Whom to trust
 * is left to the operator.
 */
export async function registerWebhook(cluster: LocalCluster, url: string): Promise<void> {
  for (const document of parseAllDocuments(await readFile(FILE, 'utf8'))) {
    const given = document.toJS() as Registration;
    const webhooks = given.webhooks.map((webhook) => ({ ...webhook, clientConfig: { url } }));
    await cluster.api.create(`${API}/${given.kind.toLowerCase()}s`, { ...given, webhooks });
  }
}
