/** How realised outcomes of one kind of deployment were scored of late. */
export interface Calibration {
  /** Scores (`scoreOf`), the oldest first. */
  readonly scores: readonly number[];
}

export const NO_CALIBRATION: Calibration = { scores: [] };

/** Only the newest count: networks and models change. */
const MOST_SCORES = 1000;
/** Fewer say nothing about the model. */
const LEAST_SCORES = 30;
/** However badly the model does here, no more than this many times the shipped limits is believed. */
const MOST_SCALE = 2;
/** A score that is farther out counts as this. */
const FARTHEST = 10;

/** The same with one more score. */
export function observed(calibration: Calibration, score: number): Calibration {
  const kept = Math.max(-FARTHEST, Math.min(FARTHEST, score));
  return { scores: [...calibration.scores.slice(1 - MOST_SCORES), kept] };
}

/**
 * How much wider than the shipped limits errors lie here: the median size of the scores over the typical one, from 1 to 2. Scores of
 * quarantined reports count too, so that a model that has become worse is not locked out for ever; a tenth of poison moves the median
 * by an eighth, where a high quantile would be the attacker's to choose.
 */
export function scaleOf({ scores }: Calibration, typical: number): number {
  if (scores.length < LEAST_SCORES) return 1;
  const sizes = scores.map(Math.abs).toSorted((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? typical;
  return Math.min(MOST_SCALE, Math.max(1, median / typical));
}
