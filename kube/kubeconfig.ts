import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { TransportOptions } from './transport-options.ts';

// Token files and exec plugins refresh themselves; asking them for every call would read files each time.
const TOKEN_CACHE_MS = 20_000;

type Secured = Pick<RequestOptions, 'ca' | 'cert' | 'key'> & { headers: Record<string, string> };

async function secure(kc: KubeConfig): Promise<Secured> {
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  await kc.applyToHTTPSOptions(options);
  return options;
}

const pem = (value: Secured['ca'] | Secured['key']): string | undefined =>
  typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() : undefined;

const bearer = ({ headers }: Secured): string | undefined =>
  headers['Authorization']?.replace(/^Bearer /, '').trim();

function tokenSource(kc: KubeConfig): () => Promise<string | undefined> {
  let token: string | undefined;
  let untilMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() >= untilMs) {
      token = bearer(await secure(kc));
      untilMs = performance.now() + TOKEN_CACHE_MS;
    }
    return token;
  };
}

/** Transport options for the current context: certificates once, tokens again and again as they rotate. */
export async function optionsFrom(kc: KubeConfig): Promise<TransportOptions> {
  const cluster = kc.getCurrentCluster();
  const user = kc.getCurrentUser();
  if (cluster === null)
    throw new Error(`the kubeconfig has no cluster for context "${kc.getCurrentContext()}"`);
  if (cluster.proxyUrl !== undefined)
    throw new Error(`cluster "${cluster.name}": proxy-url is not supported`);
  if (user?.username !== undefined)
    throw new Error(`user "${user.name}": basic authentication is not supported`);
  const secured = await secure(kc);
  const impersonate = user?.impersonateUser;
  return {
    server: cluster.server,
    ca: pem(secured.ca),
    cert: pem(secured.cert),
    key: pem(secured.key),
    servername: cluster.tlsServerName,
    insecure: cluster.skipTLSVerify,
    ...(bearer(secured) === undefined ? {} : { token: tokenSource(kc) }),
    ...(impersonate === undefined ? {} : { headers: { 'impersonate-user': impersonate } }),
  };
}

/** Loads one file, or what kubectl would use: $KUBECONFIG, ~/.kube/config, the pod's service account. */
export function loadKubeConfig(path?: string): KubeConfig {
  const kc = new KubeConfig();
  if (path === undefined) kc.loadFromDefault();
  else kc.loadFromFile(path);
  return kc;
}
