import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { LocalCluster } from './control-plane/cluster.ts';

const FILE = join(import.meta.dirname, '../config/webhook/configuration.yaml');
const PATH = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

interface Registration {
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly { readonly clientConfig: object }[];
}

/**
 * Registers the webhook of config/webhook at an address outside the cluster, such as `https://127.0.0.1:9443/validate`. Whom to trust
 * is left to the operator.
 */
export async function registerWebhook(cluster: LocalCluster, url: string): Promise<void> {
  const given = parse(await readFile(FILE, 'utf8')) as Registration;
  const webhooks = given.webhooks.map((webhook) => ({ ...webhook, clientConfig: { url } }));
  await cluster.api.create(PATH, { ...given, webhooks });
}
