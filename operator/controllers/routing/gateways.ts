import { isNotFound } from '#kube/api-error.ts';
import { systemClock } from '#kube/clock.ts';
import type { Clock } from '#kube/clock.ts';
import { ENDPOINTSLICE, SERVICE } from '#kube/kinds.ts';
import { keyOf } from '#kube/object.ts';
import type { KubeObject } from '#kube/object.ts';
import type { Log } from '#kube/log.ts';
import type { Transport } from '#kube/transport.ts';
import { deepEqual } from '#kube/equal.ts';
import type { GatewaySeen, Listener } from '../../routing/back-end.ts';
import type { Target } from '../../routing/services.ts';
import type { RoutingStores } from './stores.ts';

/** How often the addresses behind the Gateway are looked up: one or two small reads. */
const LOOK_MS = 3_000;

interface GatewayObject extends KubeObject {
  readonly spec: { readonly listeners: readonly Listener[] };
  readonly status?: { readonly addresses?: readonly { readonly value: string }[] };
}

interface ServiceObject extends KubeObject {
  readonly spec: {
    readonly clusterIPs?: readonly string[];
    readonly externalIPs?: readonly string[];
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

interface SliceObject extends KubeObject {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
    readonly nodeName?: string;
    readonly zone?: string;
  }[];
}

/** The east-west Gateway, who takes its connections, and which routes the server has; kept fresh by looking. */
export class GatewayDirectory {
  readonly #transport: Transport;
  readonly #stores: RoutingStores;
  readonly #changed: () => void;
  readonly #clock: Clock;
  #seen: GatewaySeen | undefined;
  #served = '';
  /** The Service that has the Gateway's address, by that address. */
  #service: { readonly address: string; readonly namespace: string; readonly name: string } | undefined;

  constructor(transport: Transport, stores: RoutingStores, changed: () => void, clock: Clock = systemClock) {
    this.#transport = transport;
    this.#stores = stores;
    this.#changed = changed;
    this.#clock = clock;
  }

  /** As it was seen last; undefined when there is none. */
  get seen(): GatewaySeen | undefined {
    return this.#seen;
  }

  /** Looks until the signal; what cannot be read stays as it was. */
  async run(signal: AbortSignal, log: Log): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.look(signal);
      } catch (err) {
        if (!signal.aborted) log.debug({ err }, 'the Gateway could not be looked up');
      }
      await this.#clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  /** Looks once. The first Gateway by name counts when several carry the label. */
  async look(signal: AbortSignal): Promise<void> {
    const [gateway] = this.#stores.gateways
      .list()
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) as GatewayObject[];
    const seen = gateway === undefined ? undefined : await this.#read(gateway, signal);
    const served = this.#stores.served();
    if (deepEqual(asJson(seen), asJson(this.#seen)) && served === this.#served) return;
    this.#seen = seen;
    this.#served = served;
    this.#changed();
  }

  async #read(gateway: GatewayObject, signal: AbortSignal): Promise<GatewaySeen> {
    const { name, namespace = 'default' } = gateway.metadata;
    const listeners = gateway.spec.listeners.map(({ name, port, protocol }) => ({ name, port, protocol }));
    const address = gateway.status?.addresses?.[0]?.value;
    const targets =
      address === undefined ? new Map<number, Target[]>() : await this.#targets(address, listeners, signal);
    return { namespace, name, listeners, targets };
  }

  async #targets(
    address: string,
    listeners: readonly Listener[],
    signal: AbortSignal,
  ): Promise<Map<number, Target[]>> {
    const service = await this.#serviceOf(address, signal);
    // An address that belongs to no Service is that of the proxies themselves.
    if (service === undefined) return new Map(listeners.map(({ port }) => [port, [{ address, port }]]));
    const { name, namespace } = service.metadata;
    const labelSelector = `kubernetes.io/service-name=${name}`;
    const { items } = await this.#transport.list<SliceObject>(ENDPOINTSLICE, {
      namespace,
      labelSelector,
      signal,
    });
    const behind = (port: number): Target[] => {
      const portName = service.spec.ports?.find((p) => p.port === port)?.name;
      return items.flatMap(({ ports = [], endpoints = [] }) => {
        const own = ports.find((p) => (p.name ?? '') === (portName ?? ''))?.port;
        if (own === undefined) return [];
        return endpoints
          .filter(({ conditions }) => conditions?.ready !== false)
          .flatMap(({ addresses, nodeName, zone }) =>
            addresses.map((address) => ({ address, port: own, node: nodeName, zone })),
          );
      });
    };
    return new Map(
      listeners.map(({ port }) => [port, behind(port).toSorted((a, b) => (a.address < b.address ? -1 : 1))]),
    );
  }

  async #serviceOf(address: string, signal: AbortSignal): Promise<ServiceObject | undefined> {
    const has = ({ spec, status }: ServiceObject): boolean =>
      [
        ...(spec.clusterIPs ?? []),
        ...(spec.externalIPs ?? []),
        ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip),
      ].includes(address);
    if (this.#service?.address === address) {
      const { name, namespace } = this.#service;
      const known = await this.#transport
        .get<ServiceObject>(SERVICE, name, namespace, { signal })
        .catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        });
      if (known !== undefined && has(known)) return known;
    }
    let next: string | undefined;
    do {
      const page = await this.#transport.list<ServiceObject>(SERVICE, { limit: 500, continue: next, signal });
      const found = page.items.find(has);
      if (found !== undefined) {
        const { name, namespace = 'default' } = found.metadata;
        this.#service = { address, namespace, name };
        return found;
      }
      next = page.continue;
    } while (next !== undefined);
    return undefined;
  }
}

const asJson = (seen: GatewaySeen | undefined): unknown =>
  seen === undefined ? undefined : { ...seen, targets: [...seen.targets] };
