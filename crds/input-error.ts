/** One thing wrong with what was read: where, what, and what to do. */
export interface InputProblem {
  readonly file: string;
  /** From 1; 0 when the file itself is the problem. */
  readonly line: number;
  /** `ServiceDAG arena/stitching`; empty when no object could be read. */
  readonly object: string;
  /** `spec.edges[2].to`; empty when the whole object is meant. */
  readonly field: string;
  readonly message: string;
  readonly fix: string;
}

/** One line for people: `dag.yaml:12: ServiceDAG arena/stitching: spec.edges[2].to: no microservice "ghost"; did you mean host?` */
export function problemLine({ file, line, object, field, message, fix }: InputProblem): string {
  const where = line === 0 ? file : `${file}:${line}`;
  return [where, object, field, fix === '' ? message : `${message}; ${fix}`]
    .filter((part) => part !== '')
    .join(': ');
}

/** The input cannot be used; `problems` are all the problems found, in the order of the files. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problems: readonly InputProblem[];
  constructor(problems: readonly InputProblem[]) {
    super(problems.map(problemLine).join('\n'));
    this.problems = problems;
  }
}
