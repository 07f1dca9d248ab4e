import type { ServiceDAG } from '#crds/servicedag.ts';
import { InputError, problemLine } from '#crds/input-error.ts';
import type { ParsedObjects } from '#crds/parse.ts';
import { UnknownReference, instanceOf } from '#world/instance.ts';
import { keyOf } from '#world/objects.ts';
import type { Snapshot } from '#world/snapshot.ts';

/** Prints every problem of a refused input to stderr; false when the error is something else. */
export function printInputError(error: unknown): boolean {
  if (!(error instanceof InputError)) return false;
  for (const problem of error.problems) process.stderr.write(`${problemLine(problem)}\n`);
  return true;
}

/** What only the world can refuse: links that lead nowhere, nodes in two regions, regions and bands that do not exist. */
export function worldProblems(
  snapshot: Snapshot,
  dags: readonly ServiceDAG[],
  parsed: ParsedObjects,
): string[] {
  const lines: string[] = [];
  const at = (object: object | undefined, name: string, field: string, message: string): void => {
    const origin = object === undefined ? undefined : parsed.origins.get(object);
    const line = origin?.lineOf(field) ?? 0;
    lines.push(problemLine({ file: origin?.file ?? '', line, object: name, field, message, fix: '' }));
  };
  for (const problem of snapshot.problems.filter((p) => p.severity === 'refuse')) {
    const [kind, name] = problem.object.split(' ');
    const from: readonly { metadata: { name: string } }[] =
      kind === 'Node' ? parsed.nodes : parsed.edgeRegions;
    at(
      from.find((o) => o.metadata.name === name),
      problem.object,
      problem.field,
      problem.message,
    );
  }
  for (const dag of dags) {
    try {
      instanceOf(snapshot, dag);
    } catch (error) {
      if (!(error instanceof UnknownReference)) throw error;
      at(dag, `ServiceDAG ${keyOf(dag)}`, error.field, error.message);
    }
  }
  return lines;
}
