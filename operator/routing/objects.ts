import { createHash } from 'node:crypto';
import { GROUP, LABELS } from '#crds/meta.ts';
import type { Kind } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import { ownerReference } from '#kube/owner.ts';
import type { CachedDag } from '../objects.ts';

/** Label of everything that routing makes for a DAG: what it is there for. */
export const ROLE = `${GROUP}/routing`;
/** Annotation with the hash of what was applied. */
export const APPLIED_HASH = `${GROUP}/applied-hash`;

/** Something routing wants to be there. */
export interface RoutingObject {
  readonly kind: Kind;
  readonly object: KubeObject & Readonly<Record<string, unknown>>;
}

/** What an object of a DAG is for. */
export type Role = 'front' | 'backend' | 'route' | 'policy';

/** An object owned by a DAG, labelled with its role and marked with a hash of what it says. */
export function routingObject(
  dag: CachedDag,
  kind: Kind,
  { name, role, labels = {} }: { name: string; role: Role; labels?: Readonly<Record<string, string>> },
  body: Readonly<Record<string, unknown>>,
): RoutingObject {
  const all = { [LABELS.dag]: dag.metadata.name, [ROLE]: role, ...labels };
  const hash = createHash('sha256')
    .update(JSON.stringify([all, body]))
    .digest('hex')
    .slice(0, 16);
  return {
    kind,
    object: {
      apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: {
        name,
        namespace: dag.metadata.namespace ?? 'default',
        labels: all,
        annotations: { [APPLIED_HASH]: hash },
        ownerReferences: [ownerReference(dag, { controller: true })],
      },
      ...body,
    },
  };
}

/** Whether `live` says all that `wanted` says; what servers and others add beside it does not matter. */
export function says(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(live) && live.length === wanted.length && wanted.every((w, i) => says(live[i], w));
  if (typeof wanted !== 'object' || wanted === null) return live === wanted;
  if (typeof live !== 'object' || live === null) return false;
  const fields = live as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([key, value]) => value === undefined || says(fields[key], value));
}

/** Whether a live object needs no write: it was made from the same, and nobody has changed it since. */
export function isUpToDate(live: KubeObject, { object }: RoutingObject): boolean {
  if (live.metadata.annotations?.[APPLIED_HASH] !== object.metadata.annotations?.[APPLIED_HASH]) return false;
  const { metadata, ...body } = object;
  return says(live, body) && says(live.metadata.labels, metadata.labels);
}
