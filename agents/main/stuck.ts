import { ANNOTATIONS, PLACEMENT_GATE } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import { membershipOf, templateKey } from '../gated.ts';
import type { Avoided } from '../decision.ts';

/** How long the scheduler may refuse a pin before we take it back. */
export const STUCK_AFTER_MS = 10_000;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 600_000;

/** The region of a pod that we pinned and that is not bound; undefined for every other pod. */
export function pinnedRegion(pod: KubePod): string | undefined {
  const { spec, metadata } = pod;
  if (spec.nodeName !== undefined || metadata.deletionTimestamp !== undefined) return undefined;
  if (spec.schedulingGates?.some(({ name }) => name === PLACEMENT_GATE) === true) return undefined;
  if (metadata.annotations?.[ANNOTATIONS.decision] === undefined) return undefined;
  return membershipOf(pod)?.region;
}

const unschedulable = (pod: KubePod): boolean =>
  pod.status?.conditions?.some(
    (c) => c.type === 'PodScheduled' && c.status === 'False' && c.reason === 'Unschedulable',
  ) === true;

/** Only what a controller owns comes back after a deletion. */
const comesBack = ({ metadata }: KubePod): boolean =>
  metadata.ownerReferences?.some(({ controller }) => controller === true) === true;

/** Names of the nodes a pod is pinned to. */
function pinsOf(pod: KubePod): string[] {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const fields = (terms ?? []).flatMap((term) => term.matchFields ?? []);
  return fields.filter(({ key }) => key === 'metadata.name').flatMap(({ values }) => values ?? []);
}

interface Refusal {
  readonly tries: number;
  readonly startedMs: number;
  readonly untilMs: number;
  readonly nodes: ReadonlySet<string>;
}

/**
 * Pins that turn out infeasible: the first required affinity of a pod is final, so the pod itself must go. Each pod is taken
 * back once, each template ever more rarely, and its nodes are avoided meanwhile. Time is the caller's.
 */
export class StuckPins {
  readonly #since = new Map<string, number>();
  readonly #deleted = new Set<string>();
  readonly #refusals = new Map<string, Refusal>();

  /** Which of the pinned pods to delete now. */
  due(pinned: readonly KubePod[], nowMs: number): KubePod[] {
    const here = new Set(pinned.map(({ metadata }) => metadata.uid ?? ''));
    for (const uid of this.#since.keys()) if (!here.has(uid)) this.#since.delete(uid);
    for (const uid of this.#deleted) if (!here.has(uid)) this.#deleted.delete(uid);
    return pinned.filter((pod) => this.#isDue(pod, nowMs));
  }

  #isDue(pod: KubePod, nowMs: number): boolean {
    const { uid = '' } = pod.metadata;
    const member = membershipOf(pod);
    if (!unschedulable(pod)) {
      this.#since.delete(uid);
      return false;
    }
    const sinceMs = this.#since.get(uid) ?? nowMs;
    this.#since.set(uid, sinceMs);
    if (member === undefined || !comesBack(pod) || this.#deleted.has(uid)) return false;
    if (nowMs - sinceMs <= STUCK_AFTER_MS) return false;
    const refusal = this.#refusals.get(templateKey(member));
    return refusal === undefined || nowMs >= refusal.untilMs || sameWave(refusal, sinceMs);
  }

  /** A pod was taken back. */
  deleted(pod: KubePod, nowMs: number): void {
    const member = membershipOf(pod);
    if (member === undefined) return;
    const { uid = '' } = pod.metadata;
    this.#deleted.add(uid);
    const key = templateKey(member);
    const before = this.#refusals.get(key);
    const again = before !== undefined && sameWave(before, this.#since.get(uid) ?? nowMs);
    const tries = again ? before.tries : (before?.tries ?? -1) + 1;
    const startedMs = again ? before.startedMs : nowMs;
    const nodes = new Set([...(again ? before.nodes : []), ...pinsOf(pod)]);
    this.#refusals.set(key, { tries, startedMs, untilMs: startedMs + waitMs(tries), nodes });
  }

  /** What to keep away from. */
  avoided(nowMs: number): Avoided {
    const avoided = new Map<string, ReadonlySet<string>>();
    for (const [key, { untilMs, nodes }] of this.#refusals) {
      if (nowMs < untilMs) avoided.set(key, nodes);
      // Two quiet periods of the longest kind: start over.
      else if (nowMs > untilMs + 2 * LONGEST_WAIT_MS) this.#refusals.delete(key);
    }
    return avoided;
  }
}

/** Pods that were stuck already when the first of them was taken back go together. */
const sameWave = (refusal: Refusal, sinceMs: number): boolean => sinceMs < refusal.startedMs;

const waitMs = (tries: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
