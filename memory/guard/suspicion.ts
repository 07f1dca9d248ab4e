/** What an honest reporter's praise stays below on the average, in parts of the limit. */
const DRIFT = 0.5;
/** Evidence from which a reporter is distrusted; that of honest streams stayed below 1.4 (decision 0022). */
const DISTRUSTED = 2;
/** Of a distrusted reporter only this part of the limit is believed, on the praising side. */
const STRICT = 0.25;

/**
 * Evidence that a reporter praises consistently, after one more report (one-sided CUSUM; Page 1954): a liar who stays below the limit is
 * above the drift each time, an honest one now and then. It wears off by as much as it grows. Only praise counts: it attracts plans.
 */
export const suspicionAfter = (before: number, score: number): number =>
  Math.max(0, Math.min(2 * DISTRUSTED, before + Math.min(1, Math.max(0, score)) - DRIFT));

/** Share of the limit above the expectation that a reporter is believed. */
export const trustOf = (suspicion: number): number => (suspicion > DISTRUSTED ? STRICT : 1);
