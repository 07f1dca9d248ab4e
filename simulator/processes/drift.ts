import { durationMicros } from '#crds/quantity.ts';
import type { City } from '#simulator/city.ts';
import { normal, stream } from '#simulator/engine/random.ts';
import type { Disruption } from '#simulator/exogenous.ts';
import type { FailuresSpec } from './schema/failures.ts';

type Drift = NonNullable<FailuresSpec['drift']>;

/** Speed of every node as a random walk of its logarithm, reflected at both bounds; begins at 1. Not sorted over nodes. */
export function speedDrift(
  { every, deviation, least, most }: Drift,
  city: City,
  seed: number,
  untilMicros: number,
): readonly Disruption[] {
  const step = durationMicros(every);
  const [low, high] = [Math.log(least), Math.log(most)];
  return city.nodes.flatMap(({ metadata: { name } }) => {
    const draw = stream(seed, name);
    const changes: Disruption[] = [];
    let log = 0;
    for (let atMicros = step; atMicros < untilMicros; atMicros += step) {
      log = reflected(log + deviation * normal(draw()), low, high);
      changes.push({ atMicros, kind: 'speed', node: name, factor: Math.exp(log) });
    }
    return changes;
  });
}

/** Thrown back from whichever bound it crossed, as often as needed; the bound itself when both are the same. */
function reflected(value: number, low: number, high: number): number {
  if (low === high) return low;
  let at = value;
  while (at < low || at > high) at = at < low ? 2 * low - at : 2 * high - at;
  return at;
}
