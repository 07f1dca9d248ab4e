/** Why a trace or a query cannot be used: which field, what is wrong, what to do. */
export class RefusedTrace extends Error {
  override readonly name = 'RefusedTrace';
  /** `vector[3]`, `dag.calls[0].to`; empty when the whole trace is meant. */
  readonly field: string;
  readonly problem: string;
  readonly fix: string;
  constructor(field: string, problem: string, fix: string) {
    super([field, fix === '' ? problem : `${problem}; ${fix}`].filter((part) => part !== '').join(': '));
    this.field = field;
    this.problem = problem;
    this.fix = fix;
  }
}
