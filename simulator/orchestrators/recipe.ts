import { InputError } from '#crds/input-error.ts';
import { suggestion } from '#crds/nearest.ts';
import type { SourceName } from '#planner/sources.ts';

/** How one rung of the ladder decides. */
export interface Recipe {
  /** As it was asked for: `search:once,scale`. */
  readonly name: string;
  readonly planner: SourceName;
  /** It plans at time 0 and never again; lost replicas are recreated all the same. */
  readonly once: boolean;
  /** Replicas follow the load between `replicas.min` and `replicas.max`; the least otherwise. */
  readonly scale: boolean;
  /** Calls are steered by load and distance; spread evenly otherwise. */
  readonly steer: boolean;
  /** Realised outcomes become traces of a memory, from which later plans start too. */
  readonly memory: boolean;
  /** Share of the usual effort that a search may take. */
  readonly effort: number;
}

const SUFFIXES = ['once', 'scale', 'even', 'memory', 'tenth'] as const;
type Suffix = (typeof SUFFIXES)[number];

interface Rung extends Omit<Recipe, 'name'> {
  /** Suffixes that change it. */
  readonly takes: readonly Suffix[];
}

const rung = (planner: SourceName, over: Partial<Rung> = {}): Rung => ({
  planner,
  once: false,
  scale: false,
  steer: false,
  memory: false,
  effort: 1,
  takes: ['once', 'scale'],
  ...over,
});

const rungs: Readonly<Record<string, Rung>> = {
  static: rung('search', { once: true, takes: ['scale'] }),
  'default-scheduler': rung('default-scheduler', { takes: ['scale'] }),
  greedy: rung('greedy'),
  heft: rung('heft'),
  beam: rung('beam'),
  search: rung('search', { steer: true, takes: SUFFIXES }),
  annealing: rung('annealing'),
  milp: rung('milp'),
};

/** Rungs by name, from the least to the most work; a suffix may follow each (docs/orchestrators.md). */
export const ORCHESTRATOR_NAMES: readonly string[] = Object.keys(rungs);

/** The recipe of `RUNG[:SUFFIX[,SUFFIX]...]`. Throws `InputError` for what it does not know, naming what comes nearest. */
export function recipeOf(name: string): Recipe {
  const [base = '', ...rest] = name.split(':');
  const found = rungs[base];
  if (found === undefined || rest.length > 1) {
    const fix = suggestion(base, ORCHESTRATOR_NAMES);
    throw refusal(name, found === undefined ? `no orchestrator "${base}"` : 'more than one ":"', fix);
  }
  const { takes, ...recipe } = found;
  const suffixes = rest.length === 0 ? [] : (rest[0] ?? '').split(',');
  for (const suffix of suffixes)
    if (!takes.some((known) => known === suffix))
      throw refusal(name, `${base} has no variant "${suffix}"`, suggestion(suffix, takes));
  return {
    ...recipe,
    name,
    once: recipe.once || suffixes.includes('once'),
    scale: suffixes.includes('scale'),
    steer: recipe.steer && !suffixes.includes('even'),
    memory: suffixes.includes('memory'),
    effort: suffixes.includes('tenth') ? 0.1 : 1,
  };
}

const refusal = (name: string, message: string, fix: string): InputError =>
  new InputError([{ file: `orchestrator ${name}`, line: 0, object: '', field: '', message, fix }]);
