import type { EdgeRegionStatus } from '#crds/edgeregion.ts';
import type { Condition } from '#kube/conditions.ts';
import type { CachedRegion } from '../../../objects.ts';
import { no, unknown, yes } from '../../servicedag/verdict.ts';
import type { Verdict } from '../../servicedag/verdict.ts';
import { linkKey, linksOf } from './link-table.ts';
import type { LinkEstimate } from './solve.ts';

type Row = NonNullable<EdgeRegionStatus['links']>[number];

/** How often rows are written, and how long they last. Milliseconds. */
export interface Lifetimes {
  /** A row that is measured on is renewed when it is this old, with all others of its region. */
  readonly heartbeatMs: number;
  /** A row that is not measured any more is taken out when it is this old. */
  readonly staleMs: number;
}

/** What to say of the links of one region. */
export interface LinkReport {
  readonly rows: readonly Row[];
  /** Links that were measured once and are not any more: their last rows. */
  readonly lost: readonly Row[];
  /** Undefined for a region without links that can be measured. */
  readonly verdict: Verdict | undefined;
}

/** A latency that differs by less is left as it is written: 5 %, and never within 50 us. */
const SHARE = 0.05;
const FLOOR_MICROS = 50;
const MOST_NAMED = 6;

const differs = (before: number, now: number): boolean =>
  Math.abs(now - before) > Math.max(SHARE * before, FLOOR_MICROS);

const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The rows of one region and its condition Measured. Pure; the same again while nothing has changed and no heartbeat is due. */
export function linkReport(
  region: CachedRegion,
  estimates: readonly LinkEstimate[],
  lostBefore: readonly Row[],
  nowMs: number,
  { heartbeatMs, staleMs }: Lifetimes,
): LinkReport {
  const declared = linksOf(region);
  const before = new Map((region.status?.links ?? []).map((row) => [linkKey(row), row]));
  const fresh = new Map(
    estimates
      .filter(({ region: of, atMs }) => of === region.metadata.name && nowMs - atMs <= staleMs)
      .map((estimate) => [linkKey(estimate), estimate]),
  );
  const ageMs = ({ at = '' }: Row): number => {
    const atMs = Date.parse(at);
    return Number.isNaN(atMs) ? Infinity : nowMs - atMs;
  };
  const due = [...fresh].some(([key, { micros, atMs }]) => {
    const row = before.get(key);
    if (row === undefined || differs(row.measuredLatencyMicros, micros)) return true;
    return ageMs(row) >= heartbeatMs && nowMs - atMs < ageMs(row);
  });
  const rows: Row[] = [];
  const gone: Row[] = [];
  const unmeasured: Row[] = [];
  for (const { from, to } of declared) {
    const key = linkKey({ from, to });
    const row = before.get(key);
    const estimate = fresh.get(key);
    if (estimate !== undefined && due) rows.push(renewed(row, estimate));
    else if (row !== undefined && (estimate !== undefined || ageMs(row) <= staleMs)) rows.push(row);
    else {
      const last = row ?? lostBefore.find((lost) => linkKey(lost) === key);
      if (last === undefined) unmeasured.push({ from, to, measuredLatencyMicros: 0 });
      else gone.push(last);
    }
  }
  return { rows, lost: gone, verdict: verdictOf(region, rows, gone, unmeasured) };
}

/** A value that hardly differs stays, so that the world does not change with every heartbeat. */
function renewed(row: Row | undefined, { from, to, micros, atMs }: LinkEstimate): Row {
  const kept = row !== undefined && !differs(row.measuredLatencyMicros, micros);
  return {
    from,
    to,
    measuredLatencyMicros: kept ? row.measuredLatencyMicros : micros,
    at: iso(atMs),
  };
}

const named = (rows: readonly Row[], say: (row: Row) => string): string =>
  rows.slice(0, MOST_NAMED).map(say).join(', ') +
  (rows.length > MOST_NAMED ? ` and ${rows.length - MOST_NAMED} more` : '');

function verdictOf(
  region: CachedRegion,
  rows: readonly Row[],
  gone: readonly Row[],
  unmeasured: readonly Row[],
): Verdict | undefined {
  const all = rows.length + gone.length + unmeasured.length;
  if (all === 0) return undefined;
  const ends = ({ from, to }: Row): string => `${from} → ${to}`;
  if (gone.length > 0) {
    const which = named(gone, (row) => `${ends(row)} (${row.measuredLatencyMicros} us at ${row.at})`);
    return no('Stale', `not measured any more: ${which}; their declared latency counts`);
  }
  if (rows.length === all) return yes('Measured', `all ${all} links are measured`);
  if (rows.length > 0) {
    const which = named(unmeasured, ends);
    return yes('PartlyMeasured', `${rows.length} of ${all} links are measured; not ${which}`);
  }
  const last: Condition | undefined = region.status?.conditions?.find(({ type }) => type === 'Measured');
  // A new process does not know what was measured before; the status does.
  if (last?.reason === 'Stale') return no('Stale', last.message);
  return unknown(
    'NotMeasured',
    'no prober has measured these links: run edgeloom prober on the nodes (docs/prober.md)',
  );
}
