import { isIP, SocketAddress } from 'node:net';
import type { KubeNode } from '#crds/node.ts';

interface Listed {
  readonly type?: unknown;
  readonly address?: unknown;
}

/** The address as the system writes it in what it receives; undefined for what is none of the family. */
function canonical(address: string, family: 4 | 6): string | undefined {
  if (isIP(address) !== family) return undefined;
  return family === 4 ? address : new SocketAddress({ address, family: 'ipv6' }).address;
}

/** The first InternalIP of a node in one family, as the system writes it; undefined when it has none. */
export function internalIp(node: KubeNode, family: 4 | 6): string | undefined {
  const listed: unknown = node.status?.['addresses'];
  if (!Array.isArray(listed)) return undefined;
  for (const { type, address } of listed as readonly Listed[]) {
    if (type !== 'InternalIP' || typeof address !== 'string') continue;
    const found = canonical(address, family);
    if (found !== undefined) return found;
  }
  return undefined;
}
