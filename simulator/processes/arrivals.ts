import { durationMicros } from '#crds/quantity.ts';
import { seedOf, stream } from '#simulator/engine/random.ts';
import type { ArrivalSource } from '#simulator/exogenous.ts';
import { exponentialGaps, onOff } from './bursts.ts';
import { curveThrough, daily, minutes } from './curve.ts';
import { flashCrowd } from './flash-crowd.ts';
import type { ExogenousOptions } from './options.ts';
import { pointProcess } from './point-process.ts';
import type { ArrivalsSpec } from './schema/arrivals.ts';
import type { SourceSeat } from './sources.ts';
import { along, constant, product, sampled } from './steps.ts';
import type { Steps, Table } from './steps.ts';
import type { Traces } from './traces.ts';

const PER_MICRO = 1e-6;

/** Arrivals of every source, and the true demand behind them. */
export interface Arrivals {
  readonly sources: readonly ArrivalSource[];
  readonly rateAt: (source: number, atMicros: number) => number;
}

/** What arrivals are made from: mean requests/s of each source as it changes with moving users, a new cursor per call. */
export type MeanDemand = (source: number) => Steps;

/** Sources of a city: gaps of mean 1 stretched by demand in space, time, bursts and crowds, emitted in the sampled part of the time. */
export function arrivalsOf(
  spec: ArrivalsSpec,
  seats: readonly SourceSeat[],
  mean: MeanDemand,
  options: ExogenousOptions,
  traces: Traces,
): Arrivals {
  const { seed, untilMicros, sampledShare } = options;
  const shared = sharedCurve(spec, traces);
  const crowds = spec.flashCrowds.map((crowd) => ({ crowd, table: flashCrowd(crowd) }));

  /** Requests per second, without sampling. */
  const demand = (source: number, seat: SourceSeat): Steps => {
    const curve = spec.time.curve === 'azure-functions' ? ownMinutes(traces, seed, seat.name) : shared;
    const factors = [mean(source)];
    if (curve !== undefined) factors.push(along(curve));
    for (const { crowd, table } of crowds) if (concerns(crowd, seat)) factors.push(along(table));
    if (spec.bursts !== undefined)
      factors.push(
        onOff(
          {
            sessions: spec.bursts.sessions,
            onMicros: durationMicros(spec.bursts.on),
            offMicros: durationMicros(spec.bursts.off),
            shape: spec.bursts.shape,
          },
          seedOf(seed, 'bursts'),
          seat.name,
        ),
      );
    return product(factors);
  };

  const period =
    spec.samplingPeriod === undefined ? options.periodMicros : durationMicros(spec.samplingPeriod);
  const sources = seats.map((seat, source) => {
    const intensity = product([demand(source, seat), sampled(sampledShare, period), constant(PER_MICRO)]);
    const draw = stream(seedOf(seed, 'arrivals'), seat.name);
    const gap = traces.gaps === undefined ? exponentialGaps(draw) : recordedGaps(traces.gaps, draw());
    return { dag: seat.dag, ingress: seat.ingress, next: pointProcess(intensity, gap, untilMicros) };
  });

  const truth = new Map<number, Steps>();
  return {
    sources,
    rateAt(source, atMicros) {
      const seat = seats[source];
      if (seat === undefined) return 0;
      const steps = truth.get(source) ?? demand(source, seat);
      truth.set(source, steps);
      steps.seek(atMicros);
      return steps.value;
    },
  };
}

/** The curve that all sources follow; `undefined` when there is none or each has its own. */
function sharedCurve({ time }: ArrivalsSpec, traces: Traces): Table | undefined {
  if (time.curve === 'daily') return daily(time.start);
  if (time.curve === 'worldcup98') return minutes(traces.minutes?.[0] ?? []);
  if (time.curve !== 'points') return undefined;
  const points = time.points.map(({ at, factor }) => ({ atMicros: durationMicros(at), factor }));
  return curveThrough(points, durationMicros(time.period), time.normalise);
}

/** The recorded function that a source follows, drawn by its name. */
function ownMinutes({ minutes: rows }: Traces, seed: number, name: string): Table | undefined {
  if (rows === undefined || rows.length === 0) return undefined;
  const row = Math.floor(stream(seedOf(seed, 'function'), name)() * rows.length);
  return minutes(rows[row] ?? []);
}

const concerns = ({ regions, dags }: ArrivalsSpec['flashCrowds'][number], seat: SourceSeat): boolean =>
  (regions === undefined || regions.includes(seat.region)) &&
  (dags === undefined || dags.includes(seat.dagKey));

/** Recorded gaps from a place on, round again. */
function recordedGaps(gaps: Float64Array, place: number): () => number {
  let at = Math.floor(place * gaps.length);
  return () => {
    const gap = gaps[at] ?? 1;
    at = at + 1 === gaps.length ? 0 : at + 1;
    return gap;
  };
}
