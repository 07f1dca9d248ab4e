import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { API_VERSION, LABELS } from '#crds/meta.ts';
import { ownerReference } from '#kube/owner.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { PlanAnswer } from '../../planner-client.ts';

/** The DeploymentPlan of a feasible answer: one section a region, named after its window. */
export function planObject(dag: CachedDag, window: number, answer: PlanAnswer): CachedPlan {
  const { name, namespace = 'default', uid = '', generation = 0 } = dag.metadata;
  const regionOf = new Map(answer.assignments.map((a) => [a.node, a.region]));
  const regions = [...new Set(answer.assignments.map((a) => a.region))].toSorted();
  const slice = dag.spec.slice ?? dag.spec.class.toLowerCase();
  const { predicted, provenance } = answer;
  const spec = {
    dag: { name, uid, generation },
    window,
    source: answer.source,
    regions: regions.map((region) => ({
      region,
      assignments: answer.assignments
        .filter((a) => a.region === region)
        .map(({ microservice, replica, node, ranked, replaces }) => ({
          microservice,
          replica,
          ...(replaces === undefined ? {} : { replaces }),
          ranked: ranked.length > 0 ? ranked : [{ node, sharePpm: 1_000_000 }],
        })),
    })),
    routes: answer.routes
      .filter((route) => route.paths.length > 0)
      .map((route) => ({
        from: route.from,
        to: route.to,
        slice,
        // The schema takes 64 paths; beyond that the lightest are left out (they are reservations, not routes, today).
        paths: route.paths
          .toSorted((a, b) => b.weightPpm - a.weightPpm)
          .slice(0, 64)
          .map(({ via, weightPpm }) => ({
            via,
            fromRegion: regionOf.get(via[0] ?? '') ?? '',
            toRegion: regionOf.get(via.at(-1) ?? '') ?? '',
            weightPpm,
          })),
      })),
    ...(predicted === undefined
      ? {}
      : {
          predicted: {
            latencyMicros: predicted.latencyMicros,
            worstLatencyMicros: predicted.worstLatencyMicros,
            jitterMicros: predicted.jitterMicros,
            syncMicros: predicted.syncMicros,
            successPpm: predicted.successPpm,
            criticalPath: predicted.criticalPath,
          },
        }),
    provenance: {
      planner: answer.method,
      ...(provenance === undefined
        ? {}
        : {
            candidates: provenance.candidates,
            feasibleBeforeRepair: provenance.feasibleBeforeRepair,
            repaired: provenance.repaired,
            ...(provenance.encoderVersion === undefined ? {} : { encoderVersion: provenance.encoderVersion }),
            ...(provenance.traces === undefined ? {} : { traces: provenance.traces.slice(0, 64) }),
          }),
      elapsedMicros: answer.elapsedMicros,
    },
  };
  return {
    apiVersion: API_VERSION,
    kind: 'DeploymentPlan',
    metadata: {
      name: `${name}-${window}`,
      namespace,
      labels: { [LABELS.dag]: name },
      ownerReferences: [{ ...ownerReference(dag, { controller: true }) }],
    },
    spec: deploymentPlanSpec.parse(spec),
  };
}

/** Whether two plans of one spec put the same replicas on the same nodes and the same calls on the same paths. */
export function samePlacement(a: CachedPlan, b: CachedPlan): boolean {
  return a.spec.dag.generation === b.spec.dag.generation && placementOf(a) === placementOf(b);
}

/** Replicas of one microservice are alike: which of them has which number does not matter. */
function placementOf({ spec }: CachedPlan): string {
  const nodes = spec.regions.flatMap(({ region, assignments }) =>
    assignments.map(({ microservice, ranked }) => `${region}/${microservice}@${ranked[0]?.node ?? ''}`),
  );
  const paths = spec.routes.flatMap(({ from, to, paths: ways }) =>
    ways.map(({ via, weightPpm }) => `${from}>${to} ${via.join(',')} ${weightPpm}`),
  );
  return [...nodes.toSorted(), ...paths.toSorted()].join('\n');
}
