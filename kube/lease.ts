import { ApiError } from './api-error.ts';
import type { Clock } from './clock.ts';
import { LEASE } from './kinds.ts';
import { microTime } from './micro-time.ts';
import type { KubeObject } from './object.ts';
import type { Transport } from './transport.ts';

/** The part of coordination.k8s.io/v1 Lease that an election uses. */
export interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

/** Who holds a Lease, since when and for how long. */
export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** One candidate's view of one Lease. */
export interface LeaseClaimOptions {
  transport: Transport;
  namespace: string;
  name: string;
  identity: string;
  durationMs: number;
  clock: Clock;
}

/**
 * Reads and writes a Lease for one candidate. Clocks of machines disagree, so
 * the times in the object decide nothing: a holder is gone when *we* saw no
 * change for the whole duration.
 */
export class LeaseClaim {
  readonly #options: LeaseClaimOptions;
  #lease: Lease | undefined;
  #changedMs = 0;

  constructor(options: LeaseClaimOptions) {
    this.#options = options;
  }

  /** Who held the Lease when we last looked. */
  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity;
  }

  /** Whether somebody else held the Lease when we last looked. */
  get isTaken(): boolean {
    return (this.holder ?? '') !== '' && this.holder !== this.#options.identity;
  }

  /** Takes or renews the Lease; false when somebody else has it or was faster. */
  async take(): Promise<boolean> {
    const { identity, durationMs } = this.#options;
    try {
      const lease = await this.#look();
      if (lease !== undefined && !this.#isFree()) return false;
      const renewTime = microTime();
      const before = lease?.spec ?? {};
      const mine = before.holderIdentity === identity;
      const changes = (before.leaseTransitions ?? 0) + (mine || lease === undefined ? 0 : 1);
      await this.#write(lease, {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(durationMs / 1000),
        acquireTime: mine ? (before.acquireTime ?? renewTime) : renewTime,
        renewTime,
        leaseTransitions: changes,
      });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.code === 409) return false;
      throw error;
    }
  }

  /** Gives the Lease back, so that the next candidate need not wait; only if it is ours. */
  async release(): Promise<void> {
    const lease = await this.#look();
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const renewTime = microTime();
    await this.#write(lease, { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime });
  }

  async #look(): Promise<Lease | undefined> {
    const { transport, name, namespace, clock } = this.#options;
    try {
      const lease = await transport.get<Lease>(LEASE, name, namespace);
      const { uid, resourceVersion } = lease.metadata;
      const seen = this.#lease?.metadata;
      if (seen?.uid !== uid || seen?.resourceVersion !== resourceVersion) this.#changedMs = clock.now();
      this.#lease = lease;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
      this.#lease = undefined;
    }
    return this.#lease;
  }

  #isFree(): boolean {
    const { identity, durationMs, clock } = this.#options;
    const { holderIdentity = '', leaseDurationSeconds = 0 } = this.#lease?.spec ?? {};
    if (holderIdentity === '' || holderIdentity === identity) return true;
    // The holder may run with a longer duration than ours, as during an upgrade.
    const patienceMs = Math.max(durationMs, leaseDurationSeconds * 1000);
    return clock.now() - this.#changedMs >= patienceMs;
  }

  /** A full update carries the version we saw: of two candidates one gets 409. */
  async #write(before: Lease | undefined, spec: LeaseSpec): Promise<void> {
    const { transport, name, namespace } = this.#options;
    const apiVersion = 'coordination.k8s.io/v1';
    if (before === undefined) {
      const lease: Lease = { apiVersion, kind: 'Lease', metadata: { name, namespace }, spec };
      this.#lease = await transport.create(LEASE, lease);
    } else {
      const lease: Lease = { ...before, apiVersion, kind: 'Lease', spec };
      this.#lease = await transport.update(LEASE, lease);
    }
  }
}
