import { createHash } from 'node:crypto';
import { fieldOf } from '#crds/finding.ts';
import type { Path } from '#crds/finding.ts';
import { InputError } from '#crds/input-error.ts';
import type { InputProblem } from '#crds/input-error.ts';
import { findingsOf } from '#crds/issues.ts';
import { builtInPath } from './built-in.ts';
import { chosen } from './chosen.ts';
import { merged, readLayers, whereIs } from './layers.ts';
import type { Layer } from './layers.ts';
import { scenarioJson, scenarioSpec } from './schema.ts';
import type { Scenario } from './schema.ts';

/** One scenario to run: what `expand` gives and `loadScenario` takes. */
export interface ScenarioCase {
  readonly scenario: Scenario;
  /** SHA-256 of its canonical text, defaults included: the same digest, the same simulation. */
  readonly digest: string;
  /** File and line of a field of it. */
  readonly whereIs: (path: Path) => Pick<InputProblem, 'file' | 'line'>;
}

/**
 * The cases of a scenario file or of a built-in scenario: itself, or one case per `vary` entry, named `SCENARIO/CASE`. Throws an
 * `InputError` with everything that is wrong: file, line, field and fix.
 */
export function expand(nameOrPath: string): readonly ScenarioCase[] {
  const { layers, cases } = readLayers(builtInPath(nameOrPath) ?? nameOrPath);
  if (cases.length === 0) return [resolve(layers, undefined)];
  return cases.map(({ name, layer }) => resolve([...layers, layer], name));
}

function resolve(layers: readonly Layer[], name: string | undefined): ScenarioCase {
  const tree = layers.reduce<unknown>((below, { tree }) => merged(below, tree), {});
  const where = (path: Path): Pick<InputProblem, 'file' | 'line'> => whereIs(layers, path);
  const result = scenarioSpec.safeParse(tree);
  if (!result.success) {
    const findings = findingsOf(result.error.issues, tree, chosen(scenarioJson, tree));
    throw new InputError(
      findings.map(({ path, message, fix }) => {
        return { ...where(path), object: objectOf(tree, name), field: fieldOf(path), message, fix };
      }),
    );
  }
  const scenario = name === undefined ? result.data : { ...result.data, name: `${result.data.name}/${name}` };
  const digest = createHash('sha256')
    .update(JSON.stringify(ordered(scenario)))
    .digest('hex');
  return { scenario, digest, whereIs: where };
}

const objectOf = (tree: unknown, name: string | undefined): string => {
  const { name: own } = tree as { name?: unknown };
  const scenario = typeof own === 'string' ? own : '(unnamed)';
  return `Scenario ${name === undefined ? scenario : `${scenario}/${name}`}`;
};

/** The same value with the keys of every object in order. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]));
}
