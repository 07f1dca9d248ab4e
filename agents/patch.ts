import { ANNOTATIONS, PLACEMENT_GATE } from '#crds/meta.ts';
import type { KubePod } from '#crds/node.ts';
import type { Pin, PinnedNode } from './decision.ts';

/** One step of a JSON patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'add' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

interface Term {
  readonly matchFields?: readonly object[] | undefined;
}

interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?:
    { readonly nodeSelectorTerms: readonly Term[] } | undefined;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly object[] | undefined;
}

/**
 * The one write that places a pod (control-plane.md section 4): pins and an open gate arrive together or not at all. It is
 * refused when the pod was replaced, or decided by somebody else, since we looked.
 */
export function pinPatch({ pod, ranked, plan, reason }: Pin): PatchOperation[] {
  const gates = pod.spec.schedulingGates ?? [];
  const gate = gates.findIndex(({ name }) => name === PLACEMENT_GATE);
  const affinity = affinityOf(pod, ranked);
  const nodes = ranked.map(({ node }) => node);
  const decision = JSON.stringify({ reason, ...(plan === undefined ? {} : { plan }), nodes });
  const annotated: PatchOperation =
    pod.metadata.annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [ANNOTATIONS.decision]: decision } }
      : { op: 'add', path: `/metadata/annotations/${escaped(ANNOTATIONS.decision)}`, value: decision };
  return [
    { op: 'test', path: '/metadata/uid', value: pod.metadata.uid },
    { op: 'test', path: `/spec/schedulingGates/${gate}/name`, value: PLACEMENT_GATE },
    { op: 'add', path: '/spec/affinity', value: affinity },
    annotated,
    { op: 'remove', path: `/spec/schedulingGates/${gate}` },
  ];
}

/** The pod as it will be once the patch is in. */
export function pinnedPod(pod: KubePod, ranked: readonly PinnedNode[]): KubePod {
  const schedulingGates = (pod.spec.schedulingGates ?? []).filter(({ name }) => name !== PLACEMENT_GATE);
  return { ...pod, spec: { ...pod.spec, affinity: affinityOf(pod, ranked), schedulingGates } };
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

// One value only: the API server refuses two names in one matchFields.
const named = (node: string): object => ({ key: 'metadata.name', operator: 'In', values: [node] });

/** The pod's own affinity with the pins in it; rules over other pods stay as they are. */
function affinityOf(pod: KubePod, ranked: readonly PinnedNode[]): NonNullable<KubePod['spec']['affinity']> {
  const own: NodeAffinity = pod.spec.affinity?.nodeAffinity ?? {};
  const terms = own.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  // What a pod already requires may only be narrowed, term by term: then there is room for one name.
  const kept = terms.length > 0 ? ranked.slice(0, 1) : ranked;
  const preferred = own.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const nodeAffinity = {
    ...own,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms:
        terms.length > 0
          ? terms.map((term) => ({
              ...term,
              matchFields: [...(term.matchFields ?? []), ...kept.map((pin) => named(pin.node))],
            }))
          : kept.map(({ node }) => ({ matchFields: [named(node)] })),
    },
    preferredDuringSchedulingIgnoredDuringExecution: [
      ...preferred,
      ...kept.map(({ node, weight }) => ({ weight, preference: { matchFields: [named(node)] } })),
    ],
  };
  return { ...pod.spec.affinity, nodeAffinity } as NonNullable<KubePod['spec']['affinity']>;
}
