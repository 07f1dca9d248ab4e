import { ApiError } from './api-error.ts';
import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { Transport } from './transport.ts';

/**
 * The object with the finalizer on it; call it before the first side effect.
 * An object that is already being deleted comes back as it is, because the
 * API server takes no new finalizer then.
 */
export async function ensureFinalizer<T extends KubeObject>(
  transport: Transport,
  kind: Kind,
  object: T,
  name: string,
): Promise<T> {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  if (finalizers.includes(name) || deletionTimestamp !== undefined) return object;
  return replace(transport, kind, object, [...finalizers, name]);
}

/**
 * Lets the deletion go on; call it last. That the object is gone, or changed
 * meanwhile, is normal: the watch brings the key back if there is more to do.
 */
export async function removeFinalizer(
  transport: Transport,
  kind: Kind,
  object: KubeObject,
  name: string,
): Promise<void> {
  const { finalizers = [] } = object.metadata;
  if (!finalizers.includes(name)) return;
  try {
    const rest = finalizers.filter((other) => other !== name);
    await replace(transport, kind, object, rest);
  } catch (error) {
    if (error instanceof ApiError && (error.code === 404 || error.code === 409)) return;
    throw error;
  }
}

/** A merge patch replaces the list whole, so the version guards what others added. */
function replace<T extends KubeObject>(
  transport: Transport,
  kind: Kind,
  object: T,
  finalizers: string[],
): Promise<T> {
  const { name, namespace, resourceVersion } = object.metadata;
  const metadata = { finalizers, resourceVersion };
  return transport.patchMerge<T>(kind, name, namespace, { metadata });
}
