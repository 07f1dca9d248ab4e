import { ANNOTATIONS, LABELS, PLACEMENT_GATE } from '#crds/meta.ts';
import type { Transport } from '#kube/transport.ts';
import type { CachedDag, CachedPlan, CachedPod } from '../../objects.ts';

/** What `Transport.patchJson` takes. */
export type ReleasePatch = Parameters<Transport['patchJson']>[3];

/** Nodes that are named as preference; more would only be a longer patch. */
const PREFERRED = 8;

/** First choices of the plan for the pod's microservice and region. */
function plannedNodes(pod: CachedPod, plan: CachedPlan | undefined): string[] {
  const labels = pod.metadata.labels ?? {};
  const nodes = (plan?.spec.regions ?? [])
    .filter((section) => section.region === labels[LABELS.region])
    .flatMap((section) => section.assignments)
    .filter((assignment) => assignment.microservice === labels[LABELS.microservice])
    .flatMap((assignment) => assignment.ranked[0]?.node ?? []);
  return [...new Set(nodes)].slice(0, PREFERRED);
}

/** What the user's own template requires of a node: rendering left it out for the planner, who is not heard here. */
function requiredByTemplate(pod: CachedPod, dag: CachedDag): object {
  const name = pod.metadata.labels?.[LABELS.microservice];
  const service = dag.spec.microservices.find((microservice) => microservice.name === name);
  const required =
    service?.template.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined ? {} : { requiredDuringSchedulingIgnoredDuringExecution: required };
}

/**
 * One JSON patch: the gate goes, the plan's nodes become preferred terms. The uid and the gate are tested: an agent may be
 * faster. A pod that requires something already keeps it, because the first terms written are final.
 */
export function releasePatch(pod: CachedPod, dag: CachedDag, plan: CachedPlan | undefined): ReleasePatch {
  const gates = pod.spec.schedulingGates ?? [];
  const at = gates.findIndex((gate) => gate.name === PLACEMENT_GATE);
  const nodes = plannedNodes(pod, plan);
  const preferred = nodes.map((node) => ({
    weight: 100,
    preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
  }));
  const own = pod.spec.affinity?.nodeAffinity as {
    preferredDuringSchedulingIgnoredDuringExecution?: object[];
  };
  const nodeAffinity = {
    ...requiredByTemplate(pod, dag),
    ...own,
    preferredDuringSchedulingIgnoredDuringExecution: [
      ...(own?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
      ...preferred,
    ],
  };
  const said = { reason: 'Released', ...(plan === undefined ? {} : { plan: plan.metadata.name }), nodes };
  const annotation = ANNOTATIONS.decision.replaceAll('~', '~0').replaceAll('/', '~1');
  return [
    { op: 'test', path: '/metadata/uid', value: pod.metadata.uid },
    { op: 'test', path: `/spec/schedulingGates/${at}/name`, value: PLACEMENT_GATE },
    { op: 'add', path: '/spec/affinity', value: { ...pod.spec.affinity, nodeAffinity } },
    ...(pod.metadata.annotations === undefined
      ? []
      : [{ op: 'add' as const, path: `/metadata/annotations/${annotation}`, value: JSON.stringify(said) }]),
    { op: 'remove', path: `/spec/schedulingGates/${at}` },
  ];
}
