import { quantity } from '#crds/quantity.ts';
import { drawAt, exponential, lognormal, seedOf } from '#simulator/engine/random.ts';
import type { Work } from '#simulator/exogenous.ts';
import type { WorkSpec } from './schema/work.ts';
import type { SourceSeat } from './sources.ts';
import type { Traces } from './traces.ts';

type Factor = (request: number, index: number) => number;

/** Sizes of requests: each draw is a function of the seed, the request, and the source or stage. */
export function workOf(
  { payload, service }: WorkSpec,
  seats: readonly SourceSeat[],
  seed: number,
  traces: Traces,
): Work {
  return {
    payloadFactor: payloadFactor(payload, seats, seedOf(seed, 'payload'), traces),
    serviceFactor: serviceFactor(service, seedOf(seed, 'service')),
  };
}

const same: Factor = () => 1;

/** Lognormal with that mean and coefficient of variation: sigma² = ln(1 + cv²), mu = ln(mean) - sigma²/2. */
function lognormalFactor(seed: number, mean: number, cv: number): Factor {
  const variance = Math.log(1 + cv * cv);
  const mu = Math.log(mean) - variance / 2;
  const sigma = Math.sqrt(variance);
  return (request, index) => lognormal(drawAt(seed, request, index), mu, sigma);
}

function serviceFactor(service: WorkSpec['service'], seed: number): Factor {
  if (service.law === 'deterministic') return same;
  if (service.law === 'lognormal') return lognormalFactor(seed, 1, service.cv);
  return (request, stage) => exponential(drawAt(seed, request, stage), 1);
}

function payloadFactor(
  payload: WorkSpec['payload'],
  seats: readonly SourceSeat[],
  seed: number,
  { frames }: Traces,
): Factor {
  if (payload.law === 'lognormal') return lognormalFactor(seed, payload.mean, payload.cv);
  if (payload.law === 'fixed' || frames === undefined || frames.length === 0) return same;
  const mean = frames.reduce((a, b) => a + b, 0) / frames.length;
  const bytes = seats.map(({ entry }) => quantity(entry.payload));
  const unit = payload.sizes === 'relative' ? seats.map(() => mean) : bytes;
  return (request, source) => {
    const frame = frames[Math.floor(drawAt(seed, request, source) * frames.length)] ?? mean;
    const per = unit[source] ?? mean;
    return per === 0 ? 1 : frame / per;
  };
}
