/** Abort reason of everything that ran under a Lease that is no longer ours: stop at once. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
