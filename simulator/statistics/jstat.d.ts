/** What is used of the package jstat, which ships no types. */
declare module 'jstat' {
  /** A continuous distribution: its cumulative function and the inverse of that. */
  interface StudentT {
    cdf(x: number, degreesOfFreedom: number): number;
    inv(p: number, degreesOfFreedom: number): number;
  }
  interface Normal {
    cdf(x: number, mean: number, deviation: number): number;
    inv(p: number, mean: number, deviation: number): number;
  }
  const jstat: { readonly jStat: { readonly studentt: StudentT; readonly normal: Normal } };
  export default jstat;
}
