import jstat from 'jstat';

/** A confidence interval, ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Confidence of every interval unless said otherwise. */
export const CONFIDENCE = 0.95;

/** Quantile of Student's t with so many degrees of freedom. */
export const tQuantile = (p: number, degreesOfFreedom: number): number =>
  jstat.jStat.studentt.inv(p, degreesOfFreedom);

/** P(|T| >= |t|) of Student's t with so many degrees of freedom. */
export const tTwoSided = (t: number, degreesOfFreedom: number): number =>
  Math.min(1, 2 * jstat.jStat.studentt.cdf(-Math.abs(t), degreesOfFreedom));

/** Quantile, and cumulative probability, of the standard normal. */
export const normalQuantile = (p: number): number => jstat.jStat.normal.inv(p, 0, 1);
export const normalBelow = (z: number): number => jstat.jStat.normal.cdf(z, 0, 1);
