import { ApiError, isNotFound } from '#kube/api-error.ts';
import type { ReconcileContext } from '#kube/controller.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Kind } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Transport } from '#kube/transport.ts';
import type { Caches } from '../../caches.ts';
import { BGPFILTER, FIELD_MANAGER, IPPOOL, STORED_IPPOOL } from '../../kinds.ts';
import type { CachedRegion } from '../../objects.ts';
import { bgpFilter, encapsulationOf, ipPool, isOverlay, overlap } from '../../routing/calico.ts';
import type { IpPool } from '../../routing/calico.ts';
import { regionRanks } from '../../routing/region-ranks.ts';
import { ROLE, says } from '../../routing/objects.ts';
import type { World } from '../../world.ts';
import { no, yes } from '../servicedag/verdict.ts';
import type { Verdict } from '../servicedag/verdict.ts';

const STALE_MS = 30_000;
/** How often Calico is looked for, and its pools compared: pools change by hand, and rarely. */
const LOOK_MS = 30_000;
/** What the API server says of a field that this Calico does not know. */
const UNKNOWN_FIELD = /field not declared in schema|unknown field/;

/** What the controller works with. */
export interface CalicoShell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  /** Hears that there is something new to say of a region. */
  readonly told: (region: string) => void;
}

/** EdgeRegion.spec.pool → Calico's IPPool and, where routes are plain, a BGPFilter with ordinal ranks. */
export class CalicoController {
  readonly #shell: CalicoShell;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(shell: CalicoShell) {
    this.#shell = shell;
  }

  /** Whether the addresses of a region are as its spec says; undefined for one that names no pool. */
  verdict(region: string): Verdict | undefined {
    return this.#verdicts.get(region);
  }

  /** Brings the objects of one region up to date. */
  async reconcile(name: string, { signal }: ReconcileContext): Promise<void> {
    const { caches, world } = this.#shell;
    const doubt = caches.doubt(STALE_MS);
    if (doubt !== undefined) throw new Waiting('StaleCache', 1_000, doubt);
    const regions = world.regions();
    const region = regions.find(({ metadata }) => metadata.name === name);
    // Pods may still have addresses of a region that is gone: its pool stays, for people to remove.
    if (region?.spec.pool === undefined) return this.#say(name, undefined);
    this.#say(name, await this.#bring(region, region.spec.pool.cidr, regions, signal));
    throw new Waiting('Calico', LOOK_MS, 'pools may be changed by hand');
  }

  async #bring(
    region: CachedRegion,
    cidr: string,
    regions: readonly CachedRegion[],
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { name } = region.metadata;
    const pools = await this.#list(IPPOOL, signal);
    if (pools === undefined) {
      const stored = await this.#list(STORED_IPPOOL, signal);
      return stored === undefined
        ? no('NoCalico', `Calico is not there: pool ${cidr} is not made`)
        : no(
            'CalicoApiMissing',
            'Calico serves no projectcalico.org/v3: install its API server, or its native definitions',
          );
    }
    const cidrs = new Map(
      regions.flatMap(({ metadata, spec }) =>
        spec.pool === undefined ? [] : [[metadata.name, spec.pool.cidr]],
      ),
    );
    const both = overlap(cidrs);
    if (both !== undefined && both.includes(name))
      return no(
        'PoolOverlap',
        `pools of ${both[0]} and ${both[1]} share addresses (${cidrs.get(both[0])}, ${cidrs.get(both[1])}): change one of them`,
      );
    const how = encapsulationOf(pools as IpPool[], cidr);
    const pool = await this.#apply(IPPOOL, ipPool(region, cidr, how), pools, signal);
    if (pool !== undefined) return pool;
    if (isOverlay(how))
      return yes(
        'Pool',
        `pods get addresses of ${cidr}; no ranks: packets are encapsulated, so BGP has no say`,
      );
    const filters = (await this.#list(BGPFILTER, signal)) ?? [];
    const filter = bgpFilter(name, regionRanks(regions, name), (other) => cidrs.get(other));
    const refused = await this.#apply(BGPFILTER, filter, filters, signal);
    if (refused === undefined)
      return yes(
        'PoolAndRanks',
        `pods get addresses of ${cidr}; BGPPeers that name filter ${filter.metadata.name} rank routes by distance`,
      );
    return UNKNOWN_FIELD.test(refused.message)
      ? yes(
          'Pool',
          `pods get addresses of ${cidr}; no ranks: this Calico has no setPriority (v3.32 and later have)`,
        )
      : refused;
  }

  async #list(kind: Kind, signal: AbortSignal): Promise<readonly KubeObject[] | undefined> {
    try {
      return (await this.#shell.transport.list(kind, { signal })).items;
    } catch (error) {
      if (isNotFound(error) || (error instanceof ApiError && error.code === 403)) return undefined;
      throw error;
    }
  }

  /** Writes what differs. Returns why it could not; an object without our label is somebody else's. */
  async #apply(
    kind: Kind,
    object: KubeObject & { readonly spec: object },
    found: readonly KubeObject[],
    signal: AbortSignal,
  ): Promise<Verdict | undefined> {
    const { name } = object.metadata;
    const live = found.find(({ metadata }) => metadata.name === name);
    if (live !== undefined && live.metadata.labels?.[ROLE] === undefined)
      return no(
        'NameTaken',
        `${kind.kind} ${name} is there already and belongs to somebody else: rename it, or the region`,
      );
    if (live !== undefined && says(live, { spec: object.spec })) return undefined;
    try {
      await this.#shell.transport.apply(kind, object, { fieldManager: FIELD_MANAGER, signal });
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.retryable && error.code !== 500)) throw error;
      return no('Refused', `${kind.kind} ${name}: ${error.message}`);
    }
  }

  #say(name: string, verdict: Verdict | undefined): void {
    const before = this.#verdicts.get(name);
    if (before?.message === verdict?.message && before?.status === verdict?.status) return;
    if (verdict === undefined) this.#verdicts.delete(name);
    else this.#verdicts.set(name, verdict);
    this.#shell.told(name);
  }
}
