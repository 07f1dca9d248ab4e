import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeApiServer } from '#kube/fake-apiserver.ts';
import type { KubeObject } from '#kube/object.ts';
import { GRPCROUTE, HTTPROUTE, TCPROUTE } from '../../kinds.ts';

/** A route as tests read it. */
export interface Route extends KubeObject {
  readonly spec: {
    readonly parentRefs: readonly { readonly kind: string; readonly name: string }[];
    readonly rules: readonly {
      readonly backendRefs: readonly { readonly name: string; readonly weight: number }[];
    }[];
  };
}

/** What a Gateway controller says to routes. */
export type Answer = 'accepts' | 'rejects' | 'silent';

/** Test support: answers as a Gateway controller, about the generation that is there and to the Gateway parent only. */
export async function answerRoutes(
  server: FakeApiServer,
  answer: () => Answer,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const kind of [HTTPROUTE, GRPCROUTE, TCPROUTE]) {
      for (const route of server.objects<Route & { status?: unknown }>(kind)) {
        const parentRef = route.spec.parentRefs.find(({ kind: parent }) => parent === 'Gateway');
        if (parentRef === undefined || answer() === 'silent') continue;
        const said = answer() === 'accepts' ? 'True' : 'False';
        const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
          type,
          status: type === 'Accepted' ? said : 'True',
          reason: said === 'True' ? 'Accepted' : 'NotAllowedByListeners',
          message: 'told so',
          observedGeneration: route.metadata.generation,
        }));
        const next = { parents: [{ parentRef, controllerName: 'test', conditions }] };
        if (JSON.stringify(route.status) !== JSON.stringify(next))
          server.put(kind, { ...route, status: next } as KubeObject);
      }
    }
    await sleep(10);
  }
}
