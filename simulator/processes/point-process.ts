import type { Steps } from './steps.ts';

/**
 * Moments of a point process with gaps of mean 1, stretched so that `intensity` (per microsecond) is its rate at every moment:
 * exact on piecewise-constant intensities, by inversion within each segment. Exponential gaps make an inhomogeneous Poisson
 * process. Whole microseconds, never falling; Infinity at and after `untilMicros`.
 */
export function pointProcess(intensity: Steps, gap: () => number, untilMicros: number): () => number {
  let now = 0;
  let rate = 0;
  let segmentEnd = 0;
  return () => {
    let need = gap();
    for (;;) {
      const room = (segmentEnd - now) * rate;
      if (need < room) {
        now += need / rate;
        return now < untilMicros ? Math.floor(now) : Infinity;
      }
      if (segmentEnd >= untilMicros) {
        rate = 0;
        now = segmentEnd;
        return Infinity;
      }
      need -= room;
      now = segmentEnd;
      intensity.seek(now);
      rate = intensity.value;
      segmentEnd = Math.min(intensity.until, untilMicros);
    }
  };
}
