import type { KubeNode } from '#crds/node.ts';
import { NODE } from '#kube/kinds.ts';
import type { Log } from '#kube/log.ts';
import { createRegistry, watchRestarts } from '#kube/metrics.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import type { NodeFacts } from './guard.ts';
import { extenderServer } from './server.ts';

/** How the extender runs. */
export interface ExtenderMainOptions {
  readonly transport: Transport;
  readonly port: number;
  readonly host?: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called with the port once requests are answered. */
  readonly onListening?: (port: number) => void;
}

const factsOf = (node: KubeNode): NodeFacts => {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  return {
    ready: ready === undefined || ready.status === 'True',
    annotations: node.metadata.annotations ?? {},
  };
};

/** Runs the extender until the signal aborts: a watch of nodes in memory, and the server that answers from it. */
export async function runExtender(options: ExtenderMainOptions): Promise<void> {
  const { transport, log, signal } = options;
  const registry = createRegistry();
  const restarts = watchRestarts(registry);
  const nodes = watchKind<KubeNode>(transport, NODE, {
    onRestart: (reason) => restarts.inc({ kind: NODE.kind, reason }),
  });
  const server = extenderServer({
    registry,
    lookup: (name) => {
      const node = nodes.store.get(name);
      return node === undefined ? undefined : factsOf(node);
    },
    ready: () => (nodes.store.hasSynced ? undefined : 'nodes are not listed yet'),
  });
  await server.listen({ port: options.port, host: options.host ?? '0.0.0.0' });
  const address = server.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  log.info({ port }, 'extender answers');
  options.onListening?.(port);
  try {
    await nodes.run(signal);
  } finally {
    await server.close();
  }
}
