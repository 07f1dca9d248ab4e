import { durationMicros, quantity } from '#crds/quantity.ts';
import type { City } from '#simulator/city.ts';
import { drawAt, normal, seedOf } from '#simulator/engine/random.ts';
import type { Radio } from '#simulator/exogenous.ts';
import type { Interruptions } from './mobility/interruptions.ts';
import { quantileAt, quantilesOf } from './quantiles.ts';
import type { Quantiles } from './quantiles.ts';
import { TODAY, URLLC } from './radio-profiles.ts';
import type { RadioSpec } from './schema/radio.ts';
import type { SourceSeat } from './sources.ts';
import type { Traces } from './traces.ts';

type Access = ReturnType<Radio['access']>;

const AS_THE_BAND: Access = { extraMicros: 0, lost: false };
const LOST: Access = { extraMicros: 0, lost: true };

/** One-way delays of a profile in microseconds, and how much is lost. */
interface Air {
  readonly up: Quantiles;
  readonly down: Quantiles;
  readonly loss: number;
  readonly roundTrip: boolean;
}

/** What a band says of itself, in microseconds. */
interface Band {
  readonly latency: number;
  readonly jitter: number;
  readonly loss: number;
}

/**
 * The air interface. A profile's delay takes the place of the band's latency, so the extra is the difference; on top comes what is
 * left of a handover. Entries without a band are not on the air: nothing is added and nothing is lost. All draws are functions of
 * the seed, the request and the source.
 */
export function radioOf(
  spec: RadioSpec,
  city: City,
  seats: readonly SourceSeat[],
  seed: number,
  traces: Traces,
  interruptions: Interruptions | undefined,
): Radio {
  const bands = seats.map((seat) => bandOf(city, seat));
  const air = airOf(spec, traces);
  const extra =
    spec.profile === 'band'
      ? aroundBand(bands, seed)
      : air === undefined
        ? undefined
        : profile(air, bands, seed);
  if (interruptions === undefined) return { access: extra ?? (() => AS_THE_BAND) };
  const felt = seedOf(seed, 'handover');
  return {
    access(request, source, atMicros) {
      const base = extra === undefined ? AS_THE_BAND : extra(request, source);
      if (base.lost || bands[source] === undefined) return base;
      const wait = interruptions.left(seats[source]?.region ?? '', atMicros, () =>
        drawAt(felt, request, source),
      );
      return wait === 0 ? base : { extraMicros: base.extraMicros + wait, lost: false };
    },
  };
}

function bandOf(city: City, { region, band }: SourceSeat): Band | undefined {
  const { spec } = city.regions.find(({ metadata }) => metadata.name === region) ?? {};
  const found = spec?.radio.bands.find(({ name }) => name === band);
  if (found === undefined) return undefined;
  return {
    latency: durationMicros(found.latency),
    jitter: durationMicros(found.jitter ?? '0us'),
    loss: 1 - quantity(found.success ?? 1),
  };
}

function airOf(spec: RadioSpec, { air }: Traces): Air | undefined {
  if (spec.profile === 'none' || spec.profile === 'band') return undefined;
  const { roundTrip } = spec;
  if (spec.profile === 'urllc') return { ...URLLC, loss: spec.loss, roundTrip };
  if (spec.profile === 'today') return { ...TODAY, loss: spec.loss, roundTrip };
  if (spec.profile === 'quantiles') {
    const delays = quantilesOf(spec.millis, 1000);
    return { up: delays, down: delays, loss: spec.loss, roundTrip };
  }
  return air === undefined ? undefined : { ...air, loss: spec.loss ?? air.loss, roundTrip };
}

type Extra = (request: number, source: number) => Access;

/** Delays drawn from a profile's quantiles. */
function profile(
  { up, down, loss, roundTrip }: Air,
  bands: readonly (Band | undefined)[],
  seed: number,
): Extra {
  const [ups, downs, losses] = [seedOf(seed, 'up'), seedOf(seed, 'down'), seedOf(seed, 'loss')];
  return (request, source) => {
    const band = bands[source];
    if (band === undefined) return AS_THE_BAND;
    if (loss > 0 && drawAt(losses, request, source) < loss) return LOST;
    const there = quantileAt(up, drawAt(ups, request, source));
    const back = roundTrip ? quantileAt(down, drawAt(downs, request, source)) : 0;
    return { extraMicros: Math.round(there + back) - band.latency, lost: false };
  };
}

/** Normal noise with the band's own jitter, cut so that no access takes less than nothing. */
function aroundBand(bands: readonly (Band | undefined)[], seed: number): Extra {
  const [noise, losses] = [seedOf(seed, 'noise'), seedOf(seed, 'loss')];
  return (request, source) => {
    const band = bands[source];
    if (band === undefined) return AS_THE_BAND;
    if (band.loss > 0 && drawAt(losses, request, source) < band.loss) return LOST;
    if (band.jitter === 0) return AS_THE_BAND;
    const extra = Math.round(band.jitter * normal(drawAt(noise, request, source)));
    return { extraMicros: Math.max(-band.latency, extra), lost: false };
  };
}
