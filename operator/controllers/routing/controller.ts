import type { ReconcileContext } from '#kube/controller.ts';
import { deepEqual } from '#kube/equal.ts';
import type { EventRecorder } from '#kube/events.ts';
import { Waiting } from '#kube/outcome.ts';
import type { Transport } from '#kube/transport.ts';
import { BY_DAG } from '../../caches.ts';
import type { Caches } from '../../caches.ts';
import { NETWORKPOLICY } from '../../kinds.ts';
import type { CachedDag } from '../../objects.ts';
import type { BackEnd } from '../../routing/back-end.ts';
import { slicePolicy } from '../../routing/calico.ts';
import { edgesOf } from '../../routing/edge.ts';
import type { Edge } from '../../routing/edge.ts';
import { LADDER } from '../../routing/ladder.ts';
import type { Mechanism } from '../../routing/ladder.ts';
import { routeKind } from '../../routing/routes.ts';
import type { RouteSeen } from '../../routing/route-verdict.ts';
import type { Weights } from '../../routing/weights.ts';
import type { World } from '../../world.ts';
import type { XdsPart } from '../../xds/part.ts';
import { RoutingWriter } from './apply.ts';
import { aroundOf } from './around.ts';
import { decideEdge, recall } from './decide.ts';
import type { EdgeState, Outcome } from './decide.ts';
import { degradedEvent, routedEvent } from './events.ts';
import type { GatewayDirectory } from './gateways.ts';
import { LiveRoutes } from './live-routes.ts';
import type { RoutingMetrics } from './metrics.ts';
import { reportOf } from './report.ts';
import type { RoutingReport } from './report.ts';
import type { RoutingStores } from './stores.ts';

/** Without contact for this long, caches are too old to act on (architecture section 2). */
const STALE_MS = 30_000;
/** How soon a write that was refused is tried again. */
const BLOCKED_MS = 10_000;

/** What the controller works with. */
export interface RoutingShell {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly world: World;
  readonly stores: RoutingStores;
  readonly gateways: GatewayDirectory;
  readonly backEnds: ReadonlyMap<Mechanism, BackEnd>;
  /** Our discovery server, once it runs. */
  readonly xds: () => XdsPart | undefined;
  readonly events: EventRecorder;
  readonly metrics: RoutingMetrics;
  /** Shares that were measured of an edge, when somebody measures. */
  readonly observed: (edge: Edge) => Weights | undefined;
  /** Hears that there is something new to say of a DAG. */
  readonly told: (key: string) => void;
  readonly nowMs: () => number;
}

/** Plan and ready replicas → Services, routes and slices of each edge → what the DAG's status says of routing. */
export class RoutingController {
  readonly #shell: RoutingShell;
  readonly #writer: RoutingWriter;
  readonly #live: LiveRoutes;
  readonly #states = new Map<string, ReadonlyMap<string, EdgeState>>();
  readonly #reports = new Map<string, RoutingReport>();

  constructor(shell: RoutingShell) {
    this.#shell = shell;
    this.#live = new LiveRoutes(shell.world, shell.nowMs);
    this.#writer = new RoutingWriter(shell.transport, shell.stores, () => shell.metrics.wrote());
  }

  /** What there is to say of a DAG; undefined until it was looked at. */
  report(key: string): RoutingReport | undefined {
    return this.#reports.get(key);
  }

  /** Brings the edges of one DAG (`namespace/name`) a step closer to what the plan wants. */
  async reconcile(key: string, { signal }: ReconcileContext): Promise<void> {
    const { caches, world, nowMs } = this.#shell;
    const doubt = caches.doubt(STALE_MS);
    if (doubt !== undefined) throw new Waiting('StaleCache', 1_000, doubt);
    const found = caches.dags.get(key);
    if (found === undefined) return this.#forget(key);
    const { uid = '' } = found.metadata;
    if (found.metadata.deletionTimestamp !== undefined)
      return this.#writer.remove({ key, uid, nowMs: nowMs(), signal });
    const dag = world.dag(key);
    const plan = dag === undefined ? undefined : world.planFor(dag);
    if (dag === undefined || plan === undefined) return this.#shell.xds()?.set(key, []);
    const pods = caches.pods.by(BY_DAG, key);
    const edges = edgesOf(dag, plan, pods, this.#live.of(dag, plan, pods));
    const outcomes = this.#decide(key, dag, edges);
    this.#shell.xds()?.set(
      key,
      outcomes.map(({ xds }) => xds),
    );
    const policies = this.#shell.stores.serves(NETWORKPOLICY) ? [slicePolicy(dag)] : [];
    const wanted = [...outcomes.map(({ objects }) => objects), policies];
    const blockades = await this.#writer.bring({ key, uid, wanted, nowMs: nowMs(), signal });
    this.#states.set(key, new Map(edges.map((edge, i) => [edge.key, outcomes[i]?.state ?? NO_STATE])));
    this.#tell(key, dag, reportOf(outcomes, blockades));
    const waits = outcomes.flatMap(({ againMs }) => againMs ?? []);
    if (blockades.length > 0) waits.push(BLOCKED_MS);
    if (waits.length > 0)
      throw new Waiting('Routing', Math.max(10, Math.min(...waits)), 'weights or routes change then');
  }

  #decide(key: string, dag: CachedDag, edges: readonly Edge[]): Outcome[] {
    const { backEnds, gateways, observed, stores, metrics } = this.#shell;
    const around = aroundOf({ ...this.#shell, gateway: gateways.seen, xds: this.#shell.xds() });
    const nowMs = this.#shell.nowMs();
    const states = this.#states.get(key);
    return edges.map((edge) => {
      const kind = routeKind(edge);
      const live =
        kind === undefined
          ? undefined
          : stores.of(kind).get(`${dag.metadata.namespace ?? 'default'}/${edge.front}`);
      const row = dag.status?.edges?.find(({ from, to }) => from === edge.from && to === edge.to);
      const before = states?.get(edge.key) ?? recall(row, live !== undefined, nowMs);
      const look = {
        before,
        edge,
        around,
        route: live as RouteSeen | undefined,
        observed: observed(edge),
        nowMs,
      };
      const outcome = decideEdge(look, backEnds);
      const { mechanism } = before.standing;
      if (LADDER.indexOf(outcome.state.standing.mechanism) > LADDER.indexOf(mechanism))
        metrics.demoted(mechanism);
      return outcome;
    });
  }

  #tell(key: string, dag: CachedDag, report: RoutingReport): void {
    const before = this.#reports.get(key);
    if (deepEqual(before, report)) return;
    this.#reports.set(key, report);
    const { events, metrics, told } = this.#shell;
    const { status, reason, message } = report.verdict;
    if (reason === 'RoutingDegraded' && before?.verdict.message !== message)
      events.record(dag, degradedEvent(message));
    if (status === 'True' && before?.verdict.reason === 'RoutingDegraded')
      events.record(dag, routedEvent(message));
    metrics.edges(this.#count());
    told(key);
  }

  #count(): Map<Mechanism, number> {
    const counts = new Map<Mechanism, number>();
    for (const { edges } of this.#reports.values())
      for (const { mechanism } of edges)
        counts.set(mechanism as Mechanism, (counts.get(mechanism as Mechanism) ?? 0) + 1);
    return counts;
  }

  #forget(key: string): void {
    this.#shell.xds()?.set(key, []);
    this.#live.forget(key);
    this.#states.delete(key);
    this.#reports.delete(key);
  }
}

const NO_STATE: EdgeState = recall(undefined, false, 0);
