import { keyOf, type KubeObject, type OwnerReference } from './object.ts';

/** A reference that makes the garbage collector delete the child with this object. */
export function ownerReference(
  object: KubeObject,
  { controller = true }: { controller?: boolean } = {},
): OwnerReference {
  const { apiVersion, kind, metadata } = object;
  const { name, uid } = metadata;
  if (apiVersion === undefined || kind === undefined || uid === undefined) {
    throw new Error(`${keyOf(object)} cannot own: it lacks apiVersion, kind or metadata.uid`);
  }
  const reference = { apiVersion, kind, name, uid };
  return controller ? { ...reference, controller, blockOwnerDeletion: true } : reference;
}

/** Whether the object has an owner with this uid. */
export function ownedBy(object: KubeObject, uid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
}
