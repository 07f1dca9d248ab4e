import type { Around, BackEnd } from '../../routing/back-end.ts';
import { asFound, NOTHING, step } from '../../routing/drain.ts';
import type { Drained } from '../../routing/drain.ts';
import { weightsByCaller } from '../../routing/by-caller.ts';
import type { ByCaller } from '../../routing/by-caller.ts';
import type { Edge } from '../../routing/edge.ts';
import { AT_THE_BOTTOM, climb, LADDER, rungs, standingAt } from '../../routing/ladder.ts';
import type { Mechanism, Standing } from '../../routing/ladder.ts';
import type { RoutingObject } from '../../routing/objects.ts';
import { route, routeKind } from '../../routing/routes.ts';
import type { ParentRef, RouteSeen } from '../../routing/route-verdict.ts';
import { backendService, frontService, slices } from '../../routing/services.ts';
import { backendName } from '../../routing/names.ts';
import { xdsEdge } from '../../xds/edge.ts';
import type { XdsEdge } from '../../xds/resources.ts';
import { liveShares, mergeSmallest, REST, toIntegers } from '../../routing/weights.ts';
import type { Weights } from '../../routing/weights.ts';
import { rowOf } from './row.ts';
import type { Row } from './row.ts';

/** What is remembered of one edge between two looks. */
export interface EdgeState {
  readonly standing: Standing;
  readonly drained: Drained;
  /** What callers of each region are told, where the mechanism tells them apart. */
  readonly byCaller: ByCaller;
}

/** What one look at an edge is made from. */
export interface Look {
  readonly before: EdgeState | undefined;
  readonly edge: Edge;
  readonly around: Around;
  /** Its route as it is on the server. */
  readonly route: RouteSeen | undefined;
  /** Measured shares by group in any scale, when somebody measures. */
  readonly observed: Weights | undefined;
  readonly nowMs: number;
}

/** What should be there, and what to say of it. */
export interface Outcome {
  readonly state: EdgeState;
  readonly objects: readonly RoutingObject[];
  readonly row: Row;
  /** What our discovery server is to tell of the edge. */
  readonly xds: XdsEdge;
  /** A mechanism that was lost, or is asked for in vain. */
  readonly degraded: string | undefined;
  /** Time alone may change the outcome after this long. */
  readonly againMs: number | undefined;
}

/** Reason in the row of an edge whose better mechanism was lost; a restart reads it back. */
export const DEGRADED = 'RoutingDegraded';

const isMechanism = (text: string | undefined): text is Mechanism => LADDER.some((m) => m === text);

/** What a status says an edge was: the memory of an operator that has just started. */
export function recall(row: Row | undefined, hasRoute: boolean, nowMs: number): EdgeState {
  const standing = isMechanism(row?.mechanism)
    ? standingAt(row.mechanism, row.reason === DEGRADED, nowMs)
    : AT_THE_BOTTOM;
  const programmed = (row?.weights ?? []).flatMap(({ backend, programmedPpm = 0 }): [string, number][] =>
    programmedPpm > 0 ? [[backend, programmedPpm]] : [],
  );
  const drained = hasRoute ? asFound(toIntegers(new Map(programmed))) : NOTHING;
  return { standing, drained, byCaller: new Map() };
}

/** One look at one edge: the next state, everything that should be there for it, and its status row. Pure. */
export function decideEdge(look: Look, backEnds: ReadonlyMap<Mechanism, BackEnd>): Outcome {
  const { edge, around, nowMs, before = recall(undefined, false, nowMs) } = look;
  const standsFor = mergeSmallest(edge.wanted);
  const shares = liveShares(edge.wanted, standsFor);
  const alive = new Set(edge.replicas.map(({ group }) => standsFor.get(group) ?? group));
  const isSplit = edge.wanted.length > 1 || before.drained.stands.size > 1;
  if (!isSplit) return whole(look, before, shares);
  const drain = step(before.drained, { shares, alive, nowMs });
  const asked = edge.dag.spec.routing.mechanism;
  const verdicts = new Map(
    rungs(asked).flatMap((m) => {
      const backEnd = backEnds.get(m);
      return backEnd === undefined ? [] : [[m, backEnd.verdict(edge, around, look.route)] as const];
    }),
  );
  const climbed = climb(before.standing, { asked, verdicts, nowMs });
  const { mechanism } = climbed.standing;
  const { weights } = drain.state;
  const backEnd = backEnds.get(mechanism);
  const byCaller = weightsByCaller(before.byCaller, edge, standsFor, drain.state);
  const programmed = backEnd?.programmed(edge, weights, around, byCaller) ?? new Map<string, number>();
  const waits = [drain.againMs, climbed.againMs].filter((ms) => ms !== undefined);
  const state = { standing: climbed.standing, drained: drain.state, byCaller };
  const { degraded } = climbed;
  const reason =
    shares.size === 0 ? 'NoReadyReplica' : degraded === undefined ? REASONS[mechanism] : DEGRADED;
  return {
    state,
    objects: [...routed(edge, around, state, standsFor, backEnds), ...front(edge, around, backEnd)],
    row: rowOf(look, standsFor, mechanism, reason, programmed),
    xds: xdsEdge(edge, weights, drain.state.stands.keys(), standsFor, byCaller),
    degraded: degraded === undefined ? undefined : `${degraded.message}; calls go by ${mechanism}`,
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

const REASONS: Readonly<Record<Mechanism, string>> = {
  Mesh: 'RouteAccepted',
  Xds: 'ProxiesAgree',
  Gateway: 'RouteAccepted',
  EndpointSubset: 'NearestSplit',
  Uniform: 'NothingBetter',
};

/** All calls go to one group: a plain Service is exact, and needs nothing of ours to stay so. */
function whole(look: Look, before: EdgeState, shares: Weights): Outcome {
  const { edge } = look;
  const reason = shares.size === 0 ? 'NoReadyReplica' : 'SingleGroup';
  return {
    // The way up begins anew when it splits again: its route is gone until then.
    state: {
      standing: { ...before.standing, mechanism: 'Uniform' },
      drained: NOTHING,
      byCaller: new Map(),
    },
    objects: [frontService(edge, { kind: 'selector' })],
    row: rowOf(look, mergeSmallest(edge.wanted), 'Uniform', reason, shares),
    xds: xdsEdge(edge, toIntegers(shares), shares.keys(), new Map()),
    degraded: undefined,
    againMs: undefined,
  };
}

/** The route with the backends that it names; both only where somebody may take the route. */
function routed(
  edge: Edge,
  around: Around,
  { drained }: EdgeState,
  standsFor: ReadonlyMap<string, string>,
  backEnds: ReadonlyMap<Mechanism, BackEnd>,
): RoutingObject[] {
  const kind = routeKind(edge);
  if (kind === undefined || !around.serves(kind)) return [];
  const parents = rungs(edge.dag.spec.routing.mechanism).flatMap((m): ParentRef[] => {
    const parent = backEnds.get(m)?.parent(edge, around);
    return parent === undefined ? [] : [parent];
  });
  if (parents.length === 0) return [];
  const made = route(edge, parents, drained.weights);
  const groups = [...drained.stands.keys()].toSorted();
  const rest = edge.replicas.filter(({ group }) => standsFor.get(group) === REST);
  return [
    ...groups.map((group) => backendService(edge, group)),
    ...(groups.includes(REST)
      ? slices(
          edge,
          backendName(edge.dag.metadata.name, edge.to, REST),
          'backend',
          rest.flatMap(({ ip, node, name }) =>
            ip === undefined ? [] : [{ address: ip, port: edge.port, node, pod: name }],
          ),
        )
      : []),
    ...(made === undefined ? [] : [made]),
  ];
}

/** The front Service, with slices of ours where the mechanism has targets. */
function front(edge: Edge, around: Around, backEnd: BackEnd | undefined): RoutingObject[] {
  const behind = backEnd?.front(edge, around) ?? { kind: 'selector' };
  if (behind.kind === 'selector' || behind.targets.length === 0)
    return [frontService(edge, { kind: 'selector' })];
  return [...slices(edge, edge.front, 'front', behind.targets), frontService(edge, behind)];
}
