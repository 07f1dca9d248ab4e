import type { DeploymentPlan } from '#crds/deploymentplan.ts';
import type { KubePod } from '#crds/node.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { failedCheck } from '#world/feasibility.ts';
import type { Fit } from '#world/feasibility.ts';
import { keyOf } from '#world/objects.ts';
import { appraiser } from './appraisal.ts';
import type { Appraise } from './appraisal.ts';
import type { Decision, Pin, PinReason, Sight, Wait, WaitReason } from './decision.ts';
import { isGated, membershipOf, oldestFirst, templateKey } from './gated.ts';
import type { Membership } from './gated.ts';
import { plansInForce } from './plans-in-force.ts';
import { Room } from './room.ts';
import type { Request } from './room.ts';
import { slotsOf } from './slots.ts';
import type { Slot } from './slots.ts';
import { weighted } from './weights.ts';

/** A DAG as one round sees it. */
interface Application {
  readonly dag: ServiceDAG;
  readonly plan: DeploymentPlan | undefined;
  readonly slots: readonly Slot[];
  readonly slice: string;
  appraise: Appraise | undefined;
}

/** One pod that is being decided. */
interface Case {
  readonly pod: KubePod;
  readonly member: Membership;
  readonly app: Application;
  readonly request: Request;
}

/** Decides every gated pod of the region, oldest first, each on what the earlier ones left. Pure: same sight, same decisions. */
export function decide(sight: Sight): Decision[] {
  const mine = (sight.objects.pods ?? []).filter(
    (pod) => isGated(pod) && membershipOf(pod)?.region === sight.region,
  );
  if (mine.length === 0) return [];
  const round = new Round(sight);
  return oldestFirst(mine).flatMap((pod) => round.decide(pod) ?? []);
}

class Round {
  readonly #sight: Sight;
  readonly #room: Room;
  readonly #dags: ReadonlyMap<string, ServiceDAG>;
  readonly #plans: ReadonlyMap<string, DeploymentPlan>;
  readonly #gated: ReadonlyMap<string, readonly Membership[]>;
  readonly #apps = new Map<string, Application>();
  readonly #hosts: readonly number[];
  readonly #hostOf: ReadonlyMap<string, number>;

  constructor(sight: Sight) {
    const { objects, snapshot, region } = sight;
    const pods = objects.pods ?? [];
    this.#sight = sight;
    this.#room = new Room(snapshot, pods);
    this.#dags = new Map(objects.dags.map((dag) => [keyOf(dag), dag]));
    this.#plans = plansInForce(objects.plans ?? [], objects.dags);
    const gated = pods.filter(isGated).flatMap((pod) => membershipOf(pod) ?? []);
    this.#gated = Map.groupBy(gated, (member) => member.dag);
    this.#hosts = [...snapshot.hosts.keys()].filter((h) => snapshot.hosts[h]?.region === region);
    this.#hostOf = new Map(this.#hosts.map((h) => [snapshot.hosts[h]?.name ?? '', h]));
  }

  decide(pod: KubePod): Decision | undefined {
    const member = membershipOf(pod);
    if (member === undefined) return undefined;
    const app = this.#application(member.dag);
    if (app === undefined) {
      return wait(pod, 'NoServiceDAG', `no ServiceDAG ${member.dag}: the pod is left over from one`);
    }
    if (!app.dag.spec.microservices.some(({ name }) => name === member.microservice)) {
      const message = `ServiceDAG ${member.dag} has no microservice "${member.microservice}"`;
      return wait(pod, 'NoMicroservice', message);
    }
    const one: Case = { pod, member, app, request: this.#room.requestOf(pod) };
    const open = app.slots.filter(
      (s) => s.open && s.microservice === member.microservice && s.region === member.region,
    );
    return this.#planned(one, open) ?? this.#searched(one, open) ?? this.#refused(one);
  }

  #application(key: string): Application | undefined {
    const known = this.#apps.get(key);
    const dag = this.#dags.get(key);
    if (known !== undefined || dag === undefined) return known;
    const { snapshot } = this.#sight;
    const plan = this.#plans.get(key);
    const slots = slotsOf(snapshot, snapshot.placed.get(key) ?? [], plan, this.#gated.get(key) ?? []);
    const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
    const app: Application = { dag, plan, slots, slice, appraise: undefined };
    this.#apps.set(key, app);
    return app;
  }

  /** The planned node of a place that is open; where all of those fail, the next that a plan ranks. */
  #planned(one: Case, open: readonly Slot[]): Pin | undefined {
    const passing = (slot: Slot): string[] =>
      slot.ranked.filter((node) => {
        const host = this.#hostOf.get(node);
        return host !== undefined && this.#obstacle(one, host) === undefined;
      });
    for (const slot of open) {
      const nodes = passing(slot);
      if (nodes[0] !== undefined && nodes[0] === slot.ranked[0])
        return this.#pin(one, slot, nodes, 'Planned');
    }
    for (const slot of open) {
      // What comes instead must not push out what is planned there.
      const nodes = passing(slot).filter((node) => {
        const host = this.#hostOf.get(node);
        return host !== undefined && this.#room.unpromised(host, one.request);
      });
      if (nodes.length > 0) return this.#pin(one, slot, nodes, 'NextRanked');
    }
    return undefined;
  }

  /** The best hosts of the region by the world model, the rest of the DAG staying where it is. */
  #searched(one: Case, open: readonly Slot[]): Pin | undefined {
    const { app } = one;
    // One that moves still runs where it is: better there than where no plan has it.
    const slot = open.find(({ moves }) => !moves);
    const hosts = this.#hosts.filter((host) => this.#obstacle(one, host) === undefined);
    if (slot === undefined || hosts.length === 0) return undefined;
    const appraise = (app.appraise ??= appraiser(this.#sight.snapshot, app.dag, app.slots));
    const best = hosts
      .map((host) => ({ host, value: appraise(slot, host) }))
      .toSorted((a, b) => (a.value === b.value ? a.host - b.host : a.value - b.value));
    const nodes = best.map(({ host }) => this.#sight.snapshot.hosts[host]?.name ?? '');
    return this.#pin(one, slot, nodes, app.plan === undefined ? 'NoPlan' : 'LocalSearch');
  }

  #pin(one: Case, slot: Slot, nodes: readonly string[], reason: PinReason): Pin {
    const { pod, app, request } = one;
    const ranked = weighted(nodes.slice(0, app.dag.spec.placement.candidates));
    slot.open = false;
    slot.host = this.#hostOf.get(nodes[0] ?? '') ?? -1;
    this.#room.take(slot.host, request, reason === 'Planned');
    return { kind: 'pin', pod, ranked, plan: app.plan?.metadata.name, reason };
  }

  /** Why a host cannot take the pod now, as a field or a resource; undefined when it can. */
  #obstacle({ pod, member, app, request }: Case, h: number): string | undefined {
    const host = this.#sight.snapshot.hosts[h];
    if (host === undefined) return 'node.ready';
    // The template's own required node terms are not in the pod: the first ones written there are final, and ours to write.
    const service = app.dag.spec.microservices.find(({ name }) => name === member.microservice);
    const template = {
      ...pod.spec,
      affinity: service?.template.spec.affinity ?? pod.spec.affinity,
    } as Fit['template'];
    const failed = failedCheck({ host, slice: app.slice, template })?.constraint;
    if (failed !== undefined) return failed;
    const lacking = this.#room.lacking(h, request);
    if (lacking !== undefined) return `room for ${lacking}`;
    return this.#sight.avoid?.get(templateKey(member))?.has(host.name) === true ? AVOIDED : undefined;
  }

  #refused(one: Case): Wait {
    const { region } = this.#sight;
    const { microservice } = one.member;
    if (this.#hosts.length === 0) {
      const message = `region ${region} has no nodes: label one, or mend the selector of EdgeRegion ${region}`;
      return wait(one.pod, 'NoNodeInRegion', message);
    }
    const obstacles = this.#hosts.map((host) => this.#obstacle(one, host) ?? '');
    const counts = [...Map.groupBy(obstacles, (obstacle) => obstacle)]
      .map(([obstacle, all]) => ({ obstacle, count: all.length }))
      .toSorted((a, b) => b.count - a.count || (a.obstacle < b.obstacle ? -1 : 1));
    const why = counts.map(({ obstacle, count }) => `${obstacle} on ${count}`).join(', ');
    const message = `no node of region ${region} takes ${microservice}; of ${this.#hosts.length} nodes fail: ${why}`;
    return wait(one.pod, reasonOf(counts.map(({ obstacle }) => obstacle)), message);
  }
}

const AVOIDED = 'a pin that the scheduler refused';

/** The obstacle that is nearest to giving way names the reason. */
function reasonOf(obstacles: readonly string[]): WaitReason {
  if (obstacles.includes(AVOIDED)) return 'InfeasiblePin';
  return obstacles.some((obstacle) => obstacle.startsWith('room for ')) ? 'InsufficientRoom' : 'NoNodeFits';
}

const wait = (pod: KubePod, reason: WaitReason, message: string): Wait => ({
  kind: 'wait',
  pod,
  reason,
  message,
});
