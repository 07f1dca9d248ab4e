/** One spec, and what becomes of it. */
export interface SpecRow {
  /** A sentence. */
  readonly says: string;
  readonly kind: 'ServiceDAG' | 'EdgeRegion' | 'DeploymentPlan';
  readonly spec: unknown;
  /** `fixture` when absent. */
  readonly name?: string;
  /** Absent = the spec is good. */
  readonly refused?: {
    /** The field the parser names; the server names it, its parent or its child. */
    readonly field: string;
    /** `parser`: the schema cannot say it (the webhook does); `both`: the API server alone refuses it too. */
    readonly by: 'both' | 'parser';
    /** Part of the parser's message or advice. */
    readonly words?: string;
  };
}

/** A bad spec: a sentence, the spec, the field to name, and words to say. */
export type Refused = [says: string, spec: unknown, field: string, words?: string];

/** Bad specs of a kind. */
export const rows = (kind: SpecRow['kind'], by: 'both' | 'parser', table: readonly Refused[]): SpecRow[] =>
  table.map(([says, spec, field, words]) => ({
    says,
    kind,
    spec,
    refused: { field, by, ...(words === undefined ? {} : { words }) },
  }));

/** Good specs of a kind, by sentence. */
export const good = (kind: SpecRow['kind'], table: Record<string, unknown>): SpecRow[] =>
  Object.entries(table).map(([says, spec]) => ({ says, kind, spec }));
