import type { ServiceDAG } from '#crds/servicedag.ts';
import type { Host, Taint } from './host.ts';

/** A pod's wish to be near nodes with certain labels or names (core/v1 NodeSelectorTerm). */
interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

interface Term {
  readonly matchExpressions?: readonly Expression[] | undefined;
  readonly matchFields?: readonly Expression[] | undefined;
}

/** A toleration of core/v1. */
export interface Toleration {
  readonly key?: string | undefined;
  readonly operator?: string | undefined;
  readonly value?: string | undefined;
  readonly effect?: string | undefined;
}

/** Everything that decides whether one replica may run on one host, apart from what else runs there. */
export interface Fit {
  readonly host: Host;
  readonly slice: string;
  readonly template: ServiceDAG['spec']['microservices'][number]['template']['spec'];
}

/** A hard constraint between a replica and a host: the field that breaks it, or undefined when it holds. */
export interface HostCheck {
  readonly name: string;
  readonly constraint: string;
  readonly holds: (fit: Fit) => boolean;
  /** It also moves what already runs; the others are for newcomers alone, as in Kubernetes. */
  readonly evicts: boolean;
}

/** Whether a toleration covers a taint (kubernetes: Pod scheduling, taints and tolerations). */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    (t) =>
      (t.effect === undefined || t.effect === '' || t.effect === taint.effect) &&
      (t.key === undefined || t.key === '' ? t.operator === 'Exists' : t.key === taint.key) &&
      (t.operator === 'Exists' || (t.value ?? '') === taint.value),
  );
}

function matches(expression: Expression, value: string | undefined): boolean {
  const values = expression.values ?? [];
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

const matchesTerm = (term: Term, host: Host): boolean =>
  (term.matchExpressions ?? []).every((e) => matches(e, host.labels[e.key])) &&
  (term.matchFields ?? []).every((e) => matches(e, e.key === 'metadata.name' ? host.name : undefined)) &&
  (term.matchExpressions ?? []).length + (term.matchFields ?? []).length > 0;

const template = 'template.spec';

/** In the order they are reported; the first that fails names the reason a host is out. */
export const hostChecks: readonly HostCheck[] = [
  { name: 'NodeReady', constraint: 'node.ready', evicts: true, holds: ({ host }) => host.ready },
  {
    name: 'NodeSchedulable',
    constraint: 'node.schedulable',
    evicts: false,
    holds: ({ host }) => host.schedulable,
  },
  {
    name: 'NodeSelector',
    evicts: false,
    constraint: `${template}.nodeSelector`,
    holds: ({ host, template: { nodeSelector } }) =>
      Object.entries(nodeSelector ?? {}).every(([k, v]) => host.labels[k] === v),
  },
  {
    name: 'NodeAffinity',
    evicts: false,
    constraint: `${template}.affinity.nodeAffinity`,
    holds: ({ host, template: { affinity } }) => {
      const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
      return terms === undefined || terms.some((term) => matchesTerm(term, host));
    },
  },
  {
    name: 'TaintsTolerated',
    constraint: `${template}.tolerations`,
    evicts: false,
    holds: ({ host, template: { tolerations } }) =>
      host.taints.every((t) => t.effect !== 'NoSchedule' || tolerates(tolerations ?? [], t)),
  },
  {
    name: 'EvictingTaintsTolerated',
    constraint: `${template}.tolerations`,
    evicts: true,
    holds: ({ host, template: { tolerations } }) =>
      host.taints.every((t) => t.effect !== 'NoExecute' || tolerates(tolerations ?? [], t)),
  },
  {
    name: 'SliceHosted',
    evicts: true,
    constraint: 'slice',
    holds: ({ host, slice }) => host.slices === undefined || host.slices.has(slice),
  },
];

/** The first check a host fails for a replica that is to come, or that already runs there; undefined when it passes all. */
export const failedCheck = (fit: Fit, runs = false): HostCheck | undefined =>
  hostChecks.find((check) => (check.evicts || !runs) && !check.holds(fit));

/** A resource of which a host has less left than is asked; undefined when all fit. Amounts in base units, equality fits. */
export function lackingResource(
  resources: readonly string[],
  free: Float64Array,
  host: number,
  request: ArrayLike<number>,
): string | undefined {
  return resources.find((_, r) => {
    const asked = request[r] ?? 0;
    return asked > 0 && asked > (free[host * resources.length + r] ?? 0);
  });
}
