import type { Calls } from '../../telemetry/measured.ts';
import type { Smooth } from './smooth.ts';

/** An old value and a new one as one, by how much the new one counts; what is not seen now is unknown. */
type Mix = <V extends number | undefined>(old: number | undefined, fresh: V) => V;

const mixing =
  (share: number): Mix =>
  (old, fresh) =>
    (old === undefined || fresh === undefined ? fresh : old + share * (fresh - old)) as typeof fresh;

function mixRates(
  mix: Mix,
  old: ReadonlyMap<string, number> | undefined,
  fresh: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  if (old === undefined) return fresh;
  const keys = new Set([...old.keys(), ...fresh.keys()]);
  const mixed = [...keys].map((key): [string, number] => [key, mix(old.get(key) ?? 0, fresh.get(key) ?? 0)]);
  return new Map(mixed.filter(([, rate]) => rate > 1e-9));
}

function mixCalls(mix: Mix, old: Calls | undefined, fresh: Calls): Calls {
  if (old === undefined) return fresh;
  const known = {
    meanMicros: mix(old.meanMicros, fresh.meanMicros),
    p50Micros: mix(old.p50Micros, fresh.p50Micros),
    p99Micros: mix(old.p99Micros, fresh.p99Micros),
    errorShare: mix(old.errorShare, fresh.errorShare),
  };
  const defined = Object.entries(known).filter(([, value]) => value !== undefined);
  return { rate: mix(old.rate, fresh.rate), ...Object.fromEntries(defined) };
}

/**
 * Exponentially weighted means of what was known and what is seen now: after `tauMs` an old value counts 1/e. An entry or a rate that is
 * not seen now is kept as it was: it grows old. Pure.
 */
export function blend(before: Smooth | undefined, now: Smooth, tauMs: number): Smooth {
  if (before === undefined) return now;
  const mix = mixing(1 - Math.exp(-Math.max(0, now.atMs - before.atMs) / tauMs));
  const { entry } = now;
  return {
    ...now,
    entry:
      entry === undefined
        ? before.entry
        : {
            atMs: entry.atMs,
            latencyMicros: mix(before.entry?.latencyMicros, entry.latencyMicros),
            p99Micros: mix(before.entry?.p99Micros, entry.p99Micros),
            success: mix(before.entry?.success, entry.success),
          },
    ingress: now.ingress === undefined ? before.ingress : mix(before.ingress, now.ingress),
    byRegion: mixRates(mix, before.byRegion, now.byRegion),
    groups: new Map(
      [...now.groups].map(([edge, fresh]) => [edge, mixRates(mix, before.groups.get(edge), fresh)]),
    ),
    edges: new Map(
      [...now.edges].map(([edge, fresh]) => [edge, mixCalls(mix, before.edges.get(edge), fresh)]),
    ),
  };
}
