import { no, yes } from '../servicedag/verdict.ts';
import type { Verdict } from '../servicedag/verdict.ts';
import type { Row } from './row.ts';

/** What routing says of one DAG: rows of its edges, and whether calls go as the plan wants. */
export interface RoutingReport {
  readonly edges: readonly Row[];
  readonly verdict: Verdict;
}

/** What could not be written for an edge: a name that is taken, a refusal, somebody else's hand. */
export interface Blockade {
  readonly reason: 'NameTaken' | 'Refused' | 'Contested';
  readonly message: string;
}

/** Sentences that a message holds; the first ones decide. */
const NAMED = 4;

const listed = (sentences: readonly string[]): string => {
  const more = sentences.length > NAMED ? `; and ${sentences.length - NAMED} more` : '';
  return `${sentences.slice(0, NAMED).join('; ')}${more}`.slice(0, 2048);
};

/** Verdict over all edges: what blocks comes first, then what was lost, then who cannot take calls. Pure. */
export function reportOf(
  edges: readonly { readonly row: Row; readonly degraded: string | undefined }[],
  blockades: readonly Blockade[],
): RoutingReport {
  const rows = edges.map(({ row }) => row);
  const name = ({ from, to }: Row): string => `${from}→${to}`;
  const [first] = blockades;
  if (first !== undefined)
    return { edges: rows, verdict: no(first.reason, listed(blockades.map(({ message }) => message))) };
  const degraded = edges.flatMap(({ row, degraded: why }) =>
    why === undefined ? [] : [`${name(row)}: ${why}`],
  );
  if (degraded.length > 0) return { edges: rows, verdict: no('RoutingDegraded', listed(degraded)) };
  const idle = rows.filter(({ reason }) => reason === 'NoReadyReplica').map(name);
  if (idle.length > 0)
    return { edges: rows, verdict: no('NoReadyReplica', `nobody takes the calls of ${listed(idle)}`) };
  const split = rows.filter(({ reason }) => reason !== 'SingleGroup');
  if (split.length === 0)
    return {
      edges: rows,
      verdict: yes(
        'Uniform',
        'each edge leads to one region: Services spread calls evenly over its replicas',
      ),
    };
  const mechanisms = [...new Set(split.map(({ mechanism = '' }) => mechanism))].toSorted();
  const error = Math.max(0, ...split.map(({ maxErrorPpm = 0 }) => maxErrorPpm));
  const message = `${split.length} edges are split by ${mechanisms.join(', ')}; largest error ${error} ppm`;
  return {
    edges: rows,
    verdict: yes(mechanisms.length === 1 ? (mechanisms[0] ?? 'Uniform') : 'Mixed', message),
  };
}
