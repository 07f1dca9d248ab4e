import { checkBands, graphFindings } from '#crds/dag-checks.ts';
import { fieldOf } from '#crds/finding.ts';
import type { Finding } from '#crds/finding.ts';
import type { Counts } from '#world/scaling.ts';
import { waitAfter } from './attempt.ts';
import type { Input } from './input.ts';
import { needOf } from './need.ts';
import { countsFor, plannedCounts } from './replicas.ts';
import type { Need } from './attempt.ts';

/** What to do next. */
export type Decision =
  /** It is being deleted: clean up. */
  | { readonly kind: 'cleanup' }
  /** A person has to mend the spec, or something it names is not there. */
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string }
  /** The plan in force holds: see that it is carried out. */
  | { readonly kind: 'hold' }
  /** A new plan is needed, and it is too early to ask (again). */
  | { readonly kind: 'wait'; readonly why: Need; readonly afterMs: number }
  /** A new plan is needed, for so many replicas; `keep`: bound ones stay. */
  | { readonly kind: 'plan'; readonly why: Need; readonly keep: boolean; readonly replicas: Counts };

type Step = (input: Input) => Decision | undefined;

const deleted: Step = ({ dag }) =>
  dag.metadata.deletionTimestamp === undefined ? undefined : { kind: 'cleanup' };

const refusal = (reason: string, { path, message, fix }: Finding): Decision => ({
  kind: 'refuse',
  reason,
  message: `${fieldOf(path)}: ${message}${fix === '' ? '' : `: ${fix}`}`,
});

const graphIsSound: Step = ({ dag }) => {
  const [first] = graphFindings(dag.spec);
  if (first === undefined) return undefined;
  const reason = first.message.startsWith('cycle')
    ? 'Cycle'
    : first.message.includes('must not call itself')
      ? 'SelfCall'
      : 'DanglingEdge';
  return refusal(reason, first);
};

const namesExist: Step = ({ dag, regions }) => {
  const [first] = checkBands(dag, regions);
  if (first === undefined) return undefined;
  return refusal(first.path.at(-1) === 'band' ? 'UnknownBand' : 'UnknownRegion', first);
};

const planHolds: Step = (input) => (needOf(input) === undefined ? { kind: 'hold' } : undefined);

const tooEarly: Step = (input) => {
  const why = needOf(input);
  const afterMs = why === undefined ? 0 : waitAfter(input.last, why, input);
  return why !== undefined && afterMs > 0 ? { kind: 'wait', why, afterMs } : undefined;
};

const plan: Step = (input) => {
  const why = needOf(input) ?? 'NoPlan';
  return {
    kind: 'plan',
    why,
    keep: input.pods.some((pod) => pod.spec.nodeName !== undefined),
    replicas: countsFor(why, input.wanted, plannedCounts(input.dag, input.plan)),
  };
};

/** In order; the first answer wins. The last one always answers. */
export const steps: readonly Step[] = [deleted, graphIsSound, namesExist, planHolds, tooEarly, plan];

/** What to do next about one ServiceDAG. Pure. */
export function decide(input: Input): Decision {
  for (const step of steps) {
    const decision = step(input);
    if (decision !== undefined) return decision;
  }
  return { kind: 'hold' };
}
