import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';
import { PORT, REGIONS } from '#hack/data-plane/app.ts';
import type { App, Shares } from '#hack/data-plane/app.ts';

const ROUTES = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes';

/** An HTTPRoute to the backends of an application that nobody but the bench writes: what Envoy Gateway does without the operator. */
export class PlainRoute {
  readonly host = 'plain.example';
  readonly #cluster: LocalCluster;
  readonly #app: App;

  private constructor(cluster: LocalCluster, app: App) {
    this.#cluster = cluster;
    this.#app = app;
  }

  /** Creates it, with even weights. */
  static async create(cluster: LocalCluster, app: App): Promise<PlainRoute> {
    const route = new PlainRoute(cluster, app);
    const spec = {
      hostnames: [route.host],
      parentRefs: [{ name: 'east-west', sectionName: 'web' }],
      rules: route.#rules({ near: 1, mid: 1, far: 1 }),
    };
    const head = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
    await cluster.api.create(ROUTES, { ...head, metadata: { name: 'plain' }, spec });
    return route;
  }

  /** Writes its weights. */
  async weigh(shares: Shares): Promise<void> {
    const body = { spec: { rules: this.#rules(shares) } };
    await this.#cluster.api.send('PATCH', `${ROUTES}/plain`, body, 'application/merge-patch+json');
  }

  #rules(shares: Shares): object[] {
    const backendRefs = REGIONS.map((region) => ({
      name: `${this.#app.name}-http-in-${region}`,
      port: PORT,
      weight: shares[region] ?? 0,
    }));
    return [{ backendRefs }];
  }
}
