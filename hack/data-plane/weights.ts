import type { LocalCluster } from '../control-plane/local-cluster.ts';
import { readDag, until } from '../demo/observe.ts';
import { REGIONS } from './app.ts';
import type { App, Shares } from './app.ts';

const API = '/apis/edgeloom.dev/v1alpha1';

interface Regions {
  readonly items: readonly {
    readonly status?: {
      readonly links?: readonly { readonly to: string; readonly measuredLatencyMicros: number }[];
    };
  }[];
}

/** Resolves when status says that these shares of all calls are programmed, and every step on the way is over. */
export function programmed(cluster: LocalCluster, app: App, shares: Shares): Promise<true> {
  const total = Object.values(shares).reduce((a, b) => a + b, 0);
  let last = '';
  return until(
    `the weights of ${app.name} are programmed`,
    60_000,
    async () => {
      const { status } = await readDag(cluster, 'default', app.name);
      last = JSON.stringify(status?.edges);
      const edges = status?.edges ?? [];
      const done = edges.every(({ mechanism, weights = [] }) => {
        if (mechanism !== app.mechanism) return false;
        const is = new Map(weights.map(({ backend, programmedPpm = 0 }) => [backend, programmedPpm]));
        return REGIONS.every((name) => {
          const wanted = ((shares[name] ?? 0) / total) * 1e6;
          return wanted === 0 ? (is.get(name) ?? 0) === 0 : Math.abs((is.get(name) ?? 0) - wanted) <= 100;
        });
      });
      return done && edges.length === app.protocols.length ? true : undefined;
    },
    () => last,
  );
}

/**
 * What Edgeloom has decided by itself for the one edge of an application, in parts per million by region: once `holds` says yes, all of
 * it is programmed by the application's mechanism, and nothing has moved for two seconds.
 */
export async function decided(
  cluster: LocalCluster,
  app: App,
  holds: (shares: ReadonlyMap<string, number>) => boolean,
): Promise<ReadonlyMap<string, number>> {
  let [last, sinceMs] = ['', 0];
  return until(
    `Edgeloom splits the calls of ${app.name}`,
    60_000,
    async () => {
      const { status } = await readDag(cluster, 'default', app.name);
      const { mechanism, weights = [] } = status?.edges?.[0] ?? {};
      const text = JSON.stringify([mechanism, weights]);
      if (text !== last) [last, sinceMs] = [text, performance.now()];
      const shares = new Map(
        weights.flatMap(({ backend, desiredPpm = 0 }) => (desiredPpm === 0 ? [] : [[backend, desiredPpm]])),
      );
      const isProgrammed = weights.every(
        ({ desiredPpm = 0, programmedPpm = 0 }) => Math.abs(desiredPpm - programmedPpm) <= 5_000,
      );
      const isCalm = performance.now() - sinceMs > 2_000;
      return mechanism === app.mechanism && shares.size > 0 && isProgrammed && isCalm && holds(shares)
        ? shares
        : undefined;
    },
    () => last,
  );
}

/** The links that the operator says it has measured: microseconds by the region at the far end. */
export async function measuredLinks(cluster: LocalCluster): Promise<ReadonlyMap<string, number>> {
  const { items } = await cluster.api.get<Regions>(`${API}/edgeregions`);
  const rows = items.flatMap(({ status }) => status?.links ?? []);
  return new Map(rows.map(({ to, measuredLatencyMicros }) => [to, measuredLatencyMicros]));
}
