import { serviceDAGSpec } from '#crds/servicedag.ts';
import { fieldOf } from '#crds/finding.ts';
import { setCondition } from '#kube/conditions.ts';
import type { CachedDag } from '../../objects.ts';
import type { Status } from './status.ts';
import { no as verdict } from './verdict.ts';

/** Status of a DAG whose spec this operator cannot read: the CRD in the cluster takes more, or less, than it does. */
export function invalidSpecStatus(dag: CachedDag, nowIso: string): Status {
  const [issue] = serviceDAGSpec.safeParse(dag.spec).error?.issues ?? [];
  const path = ['spec', ...(issue?.path ?? [])].map((step) =>
    typeof step === 'symbol' ? String(step) : step,
  );
  const message = `${fieldOf(path)}: ${issue?.message ?? 'cannot be read'}; install the CRDs of this version`;
  const observedGeneration = dag.metadata.generation ?? 0;
  const no = { ...verdict('InvalidSpec', message), observedGeneration };
  const accepted = setCondition(dag.status?.conditions, { type: 'Accepted', ...no }, nowIso);
  return {
    ...dag.status,
    observedGeneration,
    conditions: setCondition(accepted, { type: 'Ready', ...no }, nowIso),
  };
}
