import { isNotFound } from '#kube/api-error.ts';
import type { Transport } from '#kube/transport.ts';
import { FIELD_MANAGER } from '../kinds.ts';
import { dataOf } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import { AUTHORITY_SECRET, SECRET } from './objects.ts';
import type { Secret } from './objects.ts';

/**
 * The Secret of the authorities, created without data when there is none: a create by apply carries the name, so that a role can be
 * bound to it, and is safe to repeat.
 */
export async function readSecret(transport: Transport, namespace: string): Promise<Secret> {
  try {
    return await transport.get<Secret>(SECRET, AUTHORITY_SECRET, namespace);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const labels = { 'app.kubernetes.io/name': 'edgeloom', 'app.kubernetes.io/component': 'operator' };
  const metadata = { name: AUTHORITY_SECRET, namespace, labels };
  return transport.apply<Secret>(SECRET, { metadata, type: 'Opaque' }, { fieldManager: FIELD_MANAGER });
}

/** Fills the Secret that was read; of two replicas one writes, the other gets ApiError 409 and has to read again. */
export async function writeSecret(
  transport: Transport,
  secret: Secret,
  authorities: Authorities,
): Promise<void> {
  const filled = { ...secret, data: dataOf(authorities) };
  await transport.update<Secret>(SECRET, filled, { fieldManager: FIELD_MANAGER });
}
