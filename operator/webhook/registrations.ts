import { isNotFound } from '#kube/api-error.ts';
import type { Kind } from '#kube/kinds.ts';
import type { JsonPatchOperation } from '#kube/transport-options.ts';
import type { Transport } from '#kube/transport.ts';
import { FIELD_MANAGER } from '../kinds.ts';
import { REGISTRATIONS, WEBHOOK_NAME } from './objects.ts';
import type { Registration } from './objects.ts';

/** A registration as it was read. */
export interface Registered {
  readonly kind: Kind;
  readonly object: Registration;
}

/** The registrations of this webhook that there are. */
export async function registrations(transport: Transport): Promise<Registered[]> {
  const found = await Promise.all(
    REGISTRATIONS.map(async (kind): Promise<Registered | undefined> => {
      try {
        return { kind, object: await transport.get<Registration>(kind, WEBHOOK_NAME) };
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Whether the API server has been told, wherever it asks, to trust what this certificate (PEM) signs. */
export function areTold(registered: readonly Registered[], certificate: string): boolean {
  return registered
    .flatMap(({ object }) => object.webhooks ?? [])
    .every(({ clientConfig }) =>
      Buffer.from(clientConfig.caBundle ?? '', 'base64').includes(certificate.trim()),
    );
}

/**
 * Tells the API server whom to trust (PEM). Nothing is written when it knows; ApiError 422 when the registration has changed since it
 * was read.
 */
export async function tell(
  transport: Transport,
  { kind, object }: Registered,
  bundle: string,
): Promise<void> {
  const caBundle = Buffer.from(bundle).toString('base64');
  const news = (object.webhooks ?? []).flatMap(({ clientConfig }, i): JsonPatchOperation[] =>
    clientConfig.caBundle === caBundle
      ? []
      : [{ op: 'add', path: `/webhooks/${i}/clientConfig/caBundle`, value: caBundle }],
  );
  if (news.length === 0) return;
  const value = object.metadata.resourceVersion;
  const unchanged: JsonPatchOperation = { op: 'test', path: '/metadata/resourceVersion', value };
  await transport.patchJson(kind, WEBHOOK_NAME, undefined, [unchanged, ...news], {
    fieldManager: FIELD_MANAGER,
  });
}
