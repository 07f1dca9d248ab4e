import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';

const ROUTES = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes';

interface Route {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly parentRefs: readonly { readonly kind: string }[] };
  readonly status?: {
    readonly parents?: readonly {
      readonly conditions?: readonly { readonly observedGeneration?: number }[];
    }[];
  };
}

/** Plays a Gateway controller that accepts every route: the bench is about what the operator writes. */
export async function answerRoutes({ api }: LocalCluster, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { body } = await api.send<{ items?: Route[] }>('GET', ROUTES);
    const due = (body.items ?? []).filter(
      ({ metadata, status }) =>
        status?.parents?.[0]?.conditions?.[0]?.observedGeneration !== metadata.generation,
    );
    for (let i = 0; i < due.length; i += 8)
      await Promise.all(due.slice(i, i + 8).map((route) => accept(api, route)));
    await sleep(300);
  }
}

async function accept(api: LocalCluster['api'], { metadata, spec }: Route): Promise<void> {
  const parentRef = spec.parentRefs.find(({ kind }) => kind === 'Gateway');
  if (parentRef === undefined) return;
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration: metadata.generation,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }));
  const status = { parents: [{ parentRef, controllerName: 'edgeloom.dev/bench', conditions }] };
  await api.send('PATCH', `${ROUTES}/${metadata.name}/status`, { status }, 'application/merge-patch+json');
}
