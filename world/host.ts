import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { KubeNode } from '#crds/node.ts';
import { ANNOTATIONS } from '#crds/meta.ts';
import type { Problem } from './problem.ts';
import { baseUnits, podRequests } from './requests.ts';
import type { Objects } from './objects.ts';

/** A node taint that matters to scheduling. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/** A machine of a region: the facts of its Node object that decisions use. */
export interface Host {
  readonly name: string;
  readonly region: string;
  readonly tier: 'Edge' | 'Cloud';
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** False when cordoned: it runs and forwards, but takes nothing new. */
  readonly schedulable: boolean;
  /** False when Ready is False or Unknown: it neither runs nor forwards. */
  readonly ready: boolean;
  /** Million instructions per second of one core. */
  readonly mipsPerCpu: number;
  /** Slices it hosts; undefined = all. */
  readonly slices: ReadonlySet<string> | undefined;
  /** Base units (`baseUnits`). */
  readonly allocatable: ReadonlyMap<string, number>;
}

/** A node that no region selects: as a link's end it forwards, but it hosts nothing. */
export interface Outsider {
  readonly name: string;
  readonly ready: boolean;
}

const DEFAULT_MIPS = 3000;

/** Whether labels carry every pair of a selector; an empty selector selects nothing. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([k, v]) => labels?.[k] === v);
}

/** A node that says nothing of itself (a file, a test) is ready; one that is being deleted is not. */
function isReady(node: KubeNode): boolean {
  const ready = node.status?.conditions?.find((c) => c.type === 'Ready');
  return (ready === undefined || ready.status === 'True') && node.metadata.deletionTimestamp === undefined;
}

function hostOf(node: KubeNode, region: EdgeRegion, problems: Problem[]): Host {
  const name = node.metadata.name;
  const annotations = node.metadata.annotations ?? {};
  const refuse = (field: string, message: string): void => {
    const where = { object: `Node ${name}`, region: region.metadata.name };
    problems.push({ reason: 'BadNodeFact', ...where, field, message, severity: 'refuse' });
  };
  const written = annotations[ANNOTATIONS.mipsPerCpu];
  const mips = written === undefined ? DEFAULT_MIPS : Number(written);
  const usable = Number.isFinite(mips) && mips > 0;
  if (!usable) {
    refuse(
      `metadata.annotations[${ANNOTATIONS.mipsPerCpu}]`,
      `"${written}" is no positive number of million instructions per second; ${DEFAULT_MIPS} is used`,
    );
  }
  const allocatable = new Map<string, number>();
  for (const [resource, text] of Object.entries(node.status?.allocatable ?? {})) {
    try {
      allocatable.set(resource, Math.floor(baseUnits(resource, text)));
    } catch {
      refuse(
        `status.allocatable.${resource}`,
        `"${text}" is no Kubernetes quantity; the resource counts as absent`,
      );
    }
  }
  const slices = annotations[ANNOTATIONS.slices];
  return {
    name,
    region: region.metadata.name,
    tier: region.spec.tier,
    labels: node.metadata.labels ?? {},
    taints: (node.spec?.taints ?? []).map((t) => ({ key: t.key, value: t.value ?? '', effect: t.effect })),
    schedulable: node.spec?.unschedulable !== true,
    ready: isReady(node),
    mipsPerCpu: usable ? mips : DEFAULT_MIPS,
    slices:
      slices === undefined
        ? undefined
        : new Set(
            slices
              .split(',')
              .map((s) => s.trim())
              .filter(Boolean),
          ),
    allocatable,
  };
}

/** Machines of all regions in order of name, and the nodes of none. A node in two regions counts in the first by name, and is named. */
export function hostsOf(
  nodes: readonly KubeNode[],
  regions: readonly EdgeRegion[],
): { hosts: Host[]; outsiders: Outsider[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const hosts: Host[] = [];
  const outsiders: Outsider[] = [];
  const ordered = regions.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const members = new Map<string, number>(ordered.map((r) => [r.metadata.name, 0]));
  for (const node of nodes.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const homes = ordered.filter((r) => selects(r.spec.nodeSelector.matchLabels, node.metadata.labels));
    const home = homes[0];
    if (home === undefined) {
      outsiders.push({ name: node.metadata.name, ready: isReady(node) });
      continue;
    }
    for (const region of homes)
      members.set(region.metadata.name, (members.get(region.metadata.name) ?? 0) + 1);
    if (homes.length > 1) {
      const names = homes.map((r) => r.metadata.name);
      problems.push({
        reason: 'NodeInTwoRegions',
        object: `Node ${node.metadata.name}`,
        region: home.metadata.name,
        field: 'metadata.labels',
        message: `selected by the regions ${names.join(' and ')}; it counts in ${names[0]}: make the selectors disjoint`,
        severity: 'refuse',
      });
    }
    hosts.push(hostOf(node, home, problems));
  }
  for (const [name, count] of members) {
    if (count > 0) continue;
    problems.push({
      reason: 'RegionWithoutNodes',
      object: `EdgeRegion ${name}`,
      region: name,
      field: 'spec.nodeSelector',
      message: 'no node carries the labels of the selector: label a node, or remove the region',
      severity: 'warn',
    });
  }
  return { hosts, outsiders, problems };
}

/** Every resource that a node offers or a pod asks for, in order of name. */
export function resourcesOf(hosts: readonly Host[], objects: Objects): string[] {
  const names = new Set<string>(['cpu', 'memory', 'pods']);
  for (const host of hosts) for (const name of host.allocatable.keys()) names.add(name);
  for (const dag of objects.dags) {
    for (const service of dag.spec.microservices) {
      for (const name of podRequests(service.template.spec).keys()) names.add(name);
    }
  }
  return [...names].toSorted();
}
