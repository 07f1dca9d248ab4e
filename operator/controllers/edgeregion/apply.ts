import type { EdgeRegionStatus } from '#crds/edgeregion.ts';
import { deepEqual } from '#kube/equal.ts';
import type { Transport } from '#kube/transport.ts';
import { EDGEREGION } from '../../kinds.ts';
import type { CachedRegion } from '../../objects.ts';

/** A merge patch leaves what it does not name: what went away must be said. */
const gone = (before: object | undefined, after: object | undefined): object =>
  Object.fromEntries(
    Object.keys(before ?? {})
      .filter((key) => !(key in (after ?? {})))
      .map((key) => [key, null]),
  );

/** Writes the status of a region when it differs from the one that is there. */
export async function writeStatus(
  transport: Transport,
  region: CachedRegion,
  status: EdgeRegionStatus,
  signal: AbortSignal,
): Promise<void> {
  const before = region.status;
  if (deepEqual(before ?? {}, status)) return;
  const body = {
    status: {
      ...status,
      capacity: { ...status.capacity, ...gone(before?.capacity, status.capacity) },
      allocated: { ...status.allocated, ...gone(before?.allocated, status.allocated) },
    },
  };
  await transport.patchMerge(EDGEREGION, region.metadata.name, undefined, body, {
    subresource: 'status',
    signal,
  });
}
