import { ApiError, isNotFound } from '#kube/api-error.ts';
import { ENDPOINTS, ENDPOINTSLICE, SERVICE } from '#kube/kinds.ts';
import type { Kind } from '#kube/kinds.ts';
import { keyOf } from '#kube/object.ts';
import type { KubeObject } from '#kube/object.ts';
import { ownedBy } from '#kube/owner.ts';
import { isOlder } from '#kube/reflector.ts';
import type { Transport } from '#kube/transport.ts';
import { BY_DAG } from '../../caches.ts';
import { FIELD_MANAGER } from '../../kinds.ts';
import { APPLIED_HASH, isUpToDate, ROLE } from '../../routing/objects.ts';
import type { RoutingObject } from '../../routing/objects.ts';
import type { Blockade } from './report.ts';
import { Repairs } from './repairs.ts';
import type { RoutingStores } from './stores.ts';

/** For this long a write is trusted that the cache does not show yet. */
const TRUST_MS = 5_000;
/** Who else makes slices for our front Services: what they made is stale once a Service has lost its selector. */
const CONTROL_PLANE = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/** What the API server says of a kind whose definition is being deleted. */
const LEAVING = /custom resource definition is terminating/i;

interface Written {
  readonly hash: string;
  readonly version: string;
  readonly atMs: number;
}

/** The DAG whose objects are brought up to date. */
export interface Bring {
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  /** What should be there, edge by edge; an object that several edges name is written once. */
  readonly wanted: readonly (readonly RoutingObject[])[];
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Writes routing objects: backends before routes, routes before the front, and the other way round on removal. */
export class RoutingWriter {
  readonly #transport: Transport;
  readonly #stores: RoutingStores;
  readonly #repairs = new Repairs();
  readonly #written = new Map<string, Written>();
  readonly #onWrite: () => void;

  constructor(transport: Transport, stores: RoutingStores, onWrite: () => void) {
    this.#transport = transport;
    this.#stores = stores;
    this.#onWrite = onWrite;
  }

  /** Makes the objects of one DAG what they should be; writes only what differs. Returns what could not be written. */
  async bring(by: Bring): Promise<Blockade[]> {
    const blockades: Blockade[] = [];
    const objects = new Map<string, RoutingObject>();
    for (const object of by.wanted.flat()) objects.set(idOf(object.kind, object.object), object);
    const order = [...objects.values()].toSorted((a, b) => rank(a) - rank(b));
    for (const object of order) {
      const blockade = await this.#bringOne(object, by);
      if (blockade !== undefined) blockades.push(blockade);
    }
    await this.#removeLeftovers(by, objects);
    await this.#removeOthers(by, new Set(objects.keys()));
    return blockades;
  }

  /** Removes the routing objects of a DAG. */
  async remove(by: Omit<Bring, 'wanted'>): Promise<void> {
    await this.#removeOthers({ ...by, wanted: [] }, new Set());
    this.#repairs.forget(`${by.key} `);
  }

  async #bringOne(wanted: RoutingObject, by: Bring): Promise<Blockade | undefined> {
    const { kind, object } = wanted;
    const id = idOf(kind, object);
    const live = this.#stores.of(kind).get(keyOf(object));
    if (this.#isTrusted(id, wanted, live, by.nowMs)) return undefined;
    if (live !== undefined && !ownedBy(live, by.uid)) return nameTaken(kind, object);
    if (live !== undefined && isUpToDate(live, wanted)) return undefined;
    const sameHash = live?.metadata.annotations?.[APPLIED_HASH] === hashOf(object);
    if (sameHash && !this.#repairs.allow(`${by.key} ${id}`, by.nowMs)) {
      const message = `${kind.kind} ${object.metadata.name} is changed again and again by somebody else: it is left alone for a minute`;
      return { reason: 'Contested', message };
    }
    return this.#apply(wanted, live !== undefined, by);
  }

  async #apply({ kind, object }: RoutingObject, known: boolean, by: Bring): Promise<Blockade | undefined> {
    const { signal, uid, nowMs } = by;
    const { name, namespace } = object.metadata;
    try {
      // Nothing is taken by force, nor adopted, that was not ours before: the cache holds only what carries our labels.
      const found = known ? undefined : await this.#find(kind, object, signal);
      if (found !== undefined && !ownedBy(found, uid)) return nameTaken(kind, object);
      const force = known || found !== undefined;
      const after = await this.#transport.apply(kind, object, { fieldManager: FIELD_MANAGER, force, signal });
      this.#onWrite();
      const version = after.metadata.resourceVersion ?? '';
      this.#written.set(idOf(kind, object), { hash: hashOf(object), version, atMs: nowMs });
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The kind is no longer served, or is being removed: the ladder hears of it from the watch.
      if (error.code === 404 || LEAVING.test(error.message)) return undefined;
      if (error.code === 409) return nameTaken(kind, object);
      if (![400, 403, 422].includes(error.code)) throw error;
      return { reason: 'Refused', message: `${kind.kind} ${namespace}/${name}: ${error.message}` };
    }
  }

  async #find(kind: Kind, { metadata }: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
    try {
      return await this.#transport.get(kind, metadata.name, metadata.namespace, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Our own last write, when the cache does not show it yet. */
  #isTrusted(id: string, { object }: RoutingObject, live: KubeObject | undefined, nowMs: number): boolean {
    const written = this.#written.get(id);
    if (written === undefined) return false;
    const version = live?.metadata.resourceVersion;
    const isBehind = version === undefined || isOlder(version, written.version);
    const isTrusted = isBehind && nowMs - written.atMs < TRUST_MS;
    if (!isTrusted) this.#written.delete(id);
    return isTrusted && written.hash === hashOf(object);
  }

  /** A front Service that has lost its selector keeps the endpoints it had: they have to go for ours to count. */
  async #removeLeftovers({ key, signal }: Bring, objects: ReadonlyMap<string, RoutingObject>): Promise<void> {
    for (const slice of this.#stores.of(ENDPOINTSLICE).by(BY_DAG, key)) {
      const labels = slice.metadata.labels ?? {};
      const service = labels['kubernetes.io/service-name'] ?? '';
      const namespace = slice.metadata.namespace ?? 'default';
      const wanted = objects.get(`Service ${namespace}/${service}`)?.object as WithSelector | undefined;
      if (!CONTROL_PLANE.includes(labels['endpointslice.kubernetes.io/managed-by'] ?? '')) continue;
      if (wanted === undefined || wanted.spec.selector !== undefined) continue;
      await gone(this.#transport.delete(ENDPOINTS, service, namespace, { signal }));
      await gone(this.#transport.delete(ENDPOINTSLICE, slice.metadata.name, namespace, { signal }));
      this.#onWrite();
    }
  }

  async #removeOthers({ key, uid, signal }: Bring, keep: ReadonlySet<string>): Promise<void> {
    const order = this.#stores.kinds().toSorted((a, b) => removalRank(a) - removalRank(b));
    for (const kind of order) {
      for (const object of this.#stores.of(kind).by(BY_DAG, key)) {
        const { metadata } = object;
        const isOurs = metadata.labels?.[ROLE] !== undefined && ownedBy(object, uid);
        if (!isOurs || keep.has(idOf(kind, object)) || metadata.deletionTimestamp !== undefined) continue;
        await gone(this.#transport.delete(kind, metadata.name, metadata.namespace, { signal }));
        this.#written.delete(idOf(kind, object));
        this.#onWrite();
      }
    }
  }
}

interface WithSelector {
  readonly spec: { readonly selector?: object };
}

const idOf = (kind: Kind, object: KubeObject): string => `${kind.kind} ${keyOf(object)}`;
const hashOf = ({ metadata }: KubeObject): string => metadata.annotations?.[APPLIED_HASH] ?? '';

/** Backends, slices, routes, fronts. */
function rank({ kind, object }: RoutingObject): number {
  if (kind === SERVICE) return object.metadata.labels?.[ROLE] === 'front' ? 3 : 0;
  return kind === ENDPOINTSLICE ? 1 : 2;
}

/** Routes, slices, Services. */
const removalRank = (kind: Kind): number => (kind === SERVICE ? 2 : kind === ENDPOINTSLICE ? 1 : 0);

const nameTaken = (kind: Kind, { metadata }: KubeObject): Blockade => ({
  reason: 'NameTaken',
  message: `${kind.kind} ${metadata.name} is there already and belongs to somebody else: rename it, or the ServiceDAG`,
});

async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
