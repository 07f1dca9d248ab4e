import { quantity } from '#crds/quantity.ts';
import type { CachedDag } from '../../objects.ts';
import type { Smooth } from './smooth.ts';

/** How far from what is declared a plan counts on what is measured: a quiet night must not leave the morning without room. */
const LEAST = 0.1;
const MOST = 10;
/** Requests per second beyond which nothing is believed of an ingress that declares none. */
const ABSURD = 1e6;
/** A rate that differs by less from the one in use is no reason to use another. */
const HYSTERESIS = 0.1;
/** From this part of the requests on, the regions of some stand for those of all. */
const KNOWN = 0.9;

const rounded = (rate: number): number => (rate < 0.001 ? 0 : Number(rate.toPrecision(3)));

/**
 * Requests per second to plan with, for each entry of `spec.ingress`: what is measured, within a tenth and ten times of what is declared.
 * Requests whose region nobody knows come from where it is declared that they do. `before` is kept while all are within a tenth of it.
 * Undefined where nothing is measured, or nothing is declared to come from anywhere. Pure.
 */
export function planningRates(
  dag: CachedDag,
  { ingress, byRegion }: Pick<Smooth, 'ingress' | 'byRegion'>,
  before: readonly number[] | undefined,
): readonly number[] | undefined {
  const entries = dag.spec.ingress;
  if (ingress === undefined || entries.length === 0) return undefined;
  const declared = entries.map(({ requestsPerSecond }) => quantity(requestsPerSecond ?? '0'));
  const regional = [...byRegion.values()].reduce((sum, rate) => sum + rate, 0) >= KNOWN * ingress;
  const named = entries.some(({ region }) => byRegion.has(region));
  const wanted = entries.map(({ region }, i) => {
    const all = regional && named;
    const peers = all ? entries.flatMap((e, j) => (e.region === region ? [j] : [])) : [...entries.keys()];
    const sum = peers.reduce((total, j) => total + (declared[j] ?? 0), 0);
    const share = sum > 0 ? (declared[i] ?? 0) / sum : 1 / peers.length;
    return share * (all ? (byRegion.get(region) ?? 0) : ingress);
  });
  const bounded = wanted.map((rate, i) => {
    const said = declared[i] ?? 0;
    return rounded(said > 0 ? Math.min(MOST * said, Math.max(LEAST * said, rate)) : Math.min(ABSURD, rate));
  });
  const close = (rate: number, i: number): boolean => {
    const known = before?.[i] ?? 0;
    return Math.abs(rate - known) <= Math.max(HYSTERESIS * known, 0.01);
  };
  return before?.length === bounded.length && bounded.every(close) ? before : bounded;
}
