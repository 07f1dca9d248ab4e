import { durationMicros } from '#crds/quantity.ts';
import type { ArrivalsSpec } from './schema/arrivals.ts';
import type { Table } from './steps.ts';

/** Steps of a ramp: its straight line is followed to within a fortieth of its height. */
const RAMP_STEPS = 20;

/** One flash crowd as a factor in time: climbs, stays, comes down, and is 1 before and after. */
export function flashCrowd(crowd: ArrivalsSpec['flashCrowds'][number]): Table {
  const at = durationMicros(crowd.at);
  const ramp = durationMicros(crowd.ramp);
  const peak = durationMicros(crowd.for);
  const steps = ramp === 0 ? 0 : Math.min(RAMP_STEPS, ramp);
  const starts: number[] = at === 0 ? [] : [0];
  const values: number[] = at === 0 ? [] : [1];
  const add = (start: number, value: number): void => {
    starts.push(start);
    values.push(value);
  };
  const rise = (i: number): number => 1 + ((i + 0.5) / steps) * (crowd.factor - 1);
  for (let i = 0; i < steps; i++) add(at + Math.floor((i * ramp) / steps), rise(i));
  add(at + ramp, crowd.factor);
  for (let i = 0; i < steps; i++) add(at + ramp + peak + Math.floor((i * ramp) / steps), rise(steps - 1 - i));
  add(at + 2 * ramp + peak, 1);
  return { starts, values, period: Infinity };
}
