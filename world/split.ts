import { kShortestPaths, measure } from './kshortest.ts';
import { withinLimit } from './path-table.ts';
import { arcsOf, paretoLabels, quickest } from './paths.ts';
import type { Usable } from './paths.ts';

/** A part of a flow: the arcs it takes, its share of the flow and what it reserves. */
export interface Piece {
  readonly arcs: readonly number[];
  /** 0..1. */
  readonly share: number;
  /** Whole bit/s. */
  readonly bps: number;
}

/** Wide paths that are tried as the first of two. */
const ALTERNATIVES = 8;
const PPM = 1_000_000;
/** Any pair of paths within the limit comes before one that is not, microseconds. */
const LATE = 1e15;

/**
 * Two paths that carry `bps` (2 or more) together, each within its room, links they share with room for both. The pair with the
 * least mean time, one that keeps `limit` on both paths before any that does not; undefined when none was found.
 * One of two paths carries at least half, so only paths that wide are tried as the first; the second is searched exactly.
 */
export function split(
  usable: Usable,
  from: number,
  to: number,
  bps: number,
  bytes: number,
  limit: number,
): readonly Piece[] | undefined {
  let best: readonly Piece[] | undefined;
  let least = Infinity;
  for (const first of kShortestPaths(usable, from, to, ALTERNATIVES, bytes, Math.ceil(bps / 2))) {
    const takes = Math.min(bps - 1, Math.floor(first.bandwidth));
    const free = usable.free.slice();
    for (const arc of first.arcs) free[arc] = (free[arc] ?? 0) - takes;
    const label = quickest(paretoLabels({ ...usable, free }, from)[to] ?? [], bytes, bps - takes);
    if (label === undefined) continue;
    const second = measure(usable, arcsOf(label), bytes);
    if (second.arcs.join() === first.arcs.join()) continue;
    const [quick, slow] = second.latency < first.latency ? [second, first] : [first, second];
    const pieces = shares(usable, quick.arcs, slow.arcs, bps);
    const mean = pieces[0].share * quick.latency + pieces[1].share * slow.latency;
    const value = withinLimit(slow.latency, limit) ? mean : mean + LATE;
    if (value >= least) continue;
    least = value;
    best = pieces;
  }
  return best;
}

/** The quicker path takes all it can, in whole parts per million where the other has room for the rest. */
function shares(
  usable: Usable,
  quick: readonly number[],
  slow: readonly number[],
  bps: number,
): readonly [Piece, Piece] {
  /** Room of a path's own links; those of both have room for the whole flow. */
  const room = (arcs: readonly number[], others: readonly number[]): number =>
    arcs.reduce(
      (least, arc) => (others.includes(arc) ? least : Math.min(least, Math.floor(usable.free[arc] ?? 0))),
      Infinity,
    );
  const most = Math.min(bps - 1, room(quick, slow));
  const ppm = Math.floor((most * PPM) / bps);
  const even = Math.min(most, Math.ceil((bps * ppm) / PPM));
  const whole = ppm > 0 && bps - even <= room(slow, quick);
  const takes = whole ? even : most;
  const share = whole ? ppm / PPM : takes / bps;
  return [
    { arcs: quick, share, bps: takes },
    { arcs: slow, share: 1 - share, bps: bps - takes },
  ];
}
