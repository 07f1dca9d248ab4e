import { exponential, stream } from '#simulator/engine/random.ts';
import type { Track } from '../traces.ts';
import type { Place } from './site-grid.ts';

/** Where a group is, asked at times that do not fall; microseconds. */
export type Motion = (atMicros: number) => Place;

const MICROS = 1e6;

/** Along a recorded track from `startSeconds` on, `pace` times as fast, to its end and back again; straight between fixes. */
export function replay(track: Track, startSeconds: number, pace: number, toPlace: ToPlace): Motion {
  const { seconds, latitude, longitude } = track;
  const first = seconds[0] ?? 0;
  const length = (seconds.at(-1) ?? 0) - first;
  let i = 0;
  return (atMicros) => {
    const along = length === 0 ? 0 : (startSeconds + (atMicros / MICROS) * pace) % (2 * length);
    const at = first + (along < length ? along : 2 * length - along);
    while (i > 0 && (seconds[i] ?? 0) > at) i--;
    while (i < seconds.length - 2 && (seconds[i + 1] ?? 0) <= at) i++;
    const from = seconds[i] ?? 0;
    const to = seconds[i + 1] ?? from;
    const part = to === from ? 0 : (at - from) / (to - from);
    const between = (values: Float64Array): number => {
      const start = values[i] ?? 0;
      return start + part * ((values[i + 1] ?? start) - start);
    };
    return toPlace(between(latitude), between(longitude));
  };
}

/** From degrees of a recording to metres in the city. */
export type ToPlace = (latitude: number, longitude: number) => Place;

/** Speeds in metres/s, mean stay in microseconds, and how a destination is drawn. */
export interface Trips {
  readonly slowest: number;
  readonly fastest: number;
  readonly pauseMicros: number;
  readonly destination: (draw: () => number) => Place;
}

/** Random waypoint: stay, then a straight trip at one speed, and so on; starts with a stay at a place drawn like a destination. */
export function waypoint(trips: Trips, seed: number, name: string): Motion {
  const draw = stream(seed, name);
  const stay = (): number => exponential(draw(), trips.pauseMicros);
  let from = trips.destination(draw);
  let to = from;
  let leaves = 0;
  let arrives = 0;
  return (atMicros) => {
    while (atMicros >= arrives) {
      from = to;
      to = trips.destination(draw);
      const speed = trips.slowest + (trips.fastest - trips.slowest) * draw();
      const metres = Math.sqrt((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y));
      leaves = arrives + stay();
      arrives = leaves + Math.max(1, (metres / speed) * MICROS);
    }
    if (atMicros <= leaves) return from;
    const part = (atMicros - leaves) / (arrives - leaves);
    return { x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y) };
  };
}
