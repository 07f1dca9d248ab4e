import type { Verdict } from './ladder.ts';

/** A reference of one of our routes to what should take it. */
export interface ParentRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly sectionName?: string | undefined;
  readonly port?: number | undefined;
}

/** A route with what controllers say of it, as far as it is read. */
export interface RouteSeen {
  readonly metadata: { readonly generation?: number | undefined; readonly namespace?: string | undefined };
  readonly status?:
    | {
        readonly parents?:
          | readonly {
              readonly parentRef: Partial<ParentRef> & { readonly name: string };
              readonly conditions?:
                | readonly {
                    readonly type: string;
                    readonly status: string;
                    readonly reason?: string | undefined;
                    readonly message?: string | undefined;
                    readonly observedGeneration?: number | undefined;
                  }[]
                | undefined;
            }[]
          | undefined;
      }
    | undefined;
}

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** Whether two references mean the same parent; group, kind and namespace default as the Gateway API says. */
function sameParent(
  a: ParentRef,
  b: Partial<ParentRef> & { readonly name: string },
  namespace = '',
): boolean {
  return (
    a.group === (b.group ?? GATEWAY_GROUP) &&
    a.kind === (b.kind ?? 'Gateway') &&
    (a.namespace ?? namespace) === (b.namespace ?? namespace) &&
    a.name === b.name &&
    a.sectionName === b.sectionName &&
    a.port === b.port
  );
}

/**
 * What a parent says of a route of ours: accepted only with Accepted and ResolvedRefs True about the very generation that is there.
 * References that cannot be resolved are a doubt, not a refusal: a controller may see a route before the Service it names. Pure.
 */
export function routeVerdict(route: RouteSeen | undefined, parent: ParentRef): Verdict {
  if (route === undefined)
    return { kind: 'pending', reason: 'NoRoute', message: 'the route is being written' };
  const { generation = 0, namespace } = route.metadata;
  const answers = (route.status?.parents ?? []).filter(({ parentRef }) =>
    sameParent(parent, parentRef, namespace),
  );
  if (answers.length === 0) {
    const message = `no controller has answered for ${parent.kind} ${parent.name}`;
    return { kind: 'pending', reason: 'NoAnswer', message };
  }
  const verdicts = answers.map(({ conditions = [] }): Verdict => {
    const said = (type: string) =>
      conditions.find((c) => c.type === type && (c.observedGeneration ?? generation) === generation);
    const accepted = said('Accepted');
    const resolved = said('ResolvedRefs');
    if (accepted?.status === 'False')
      return { kind: 'rejected', reason: accepted.reason ?? 'NotAccepted', message: accepted.message ?? '' };
    if (resolved?.status === 'False')
      return { kind: 'pending', reason: resolved.reason ?? 'NotResolved', message: resolved.message ?? '' };
    if (accepted?.status === 'True' && resolved?.status === 'True') return { kind: 'accepted' };
    const message = `${parent.kind} ${parent.name} has not answered for generation ${generation}`;
    return { kind: 'pending', reason: 'NoAnswer', message };
  });
  const best = (kind: Verdict['kind']): Verdict | undefined => verdicts.find((v) => v.kind === kind);
  return best('accepted') ?? best('rejected') ?? verdicts[0] ?? NO_ANSWER;
}

const NO_ANSWER: Verdict = { kind: 'pending', reason: 'NoAnswer', message: 'no controller has answered' };
