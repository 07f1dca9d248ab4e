import { drawAt, exponential, pareto, seedOf } from '#simulator/engine/random.ts';
import type { Steps } from './steps.ts';

/** Pareto ON/OFF sessions: mean durations in microseconds, shape of both laws (above 1). */
export interface OnOff {
  readonly sessions: number;
  readonly onMicros: number;
  readonly offMicros: number;
  readonly shape: number;
}

/** Time left of a Pareto duration at a moment chosen at random, from a draw: its equilibrium law. */
function residual(u: number, mean: number, shape: number): number {
  const scale = (mean * (shape - 1)) / shape;
  const head = scale / mean;
  return u < head ? u * mean : scale * Math.exp(-Math.log(shape * (1 - u)) / (shape - 1));
}

/** One session: whether it sends, and until when. Draws are numbered, so the way of seeking does not change them. */
class Session {
  on = false;
  until = 0;
  #draws = 0;
  readonly #law: OnOff;
  readonly #seed: number;

  constructor(law: OnOff, seed: number) {
    this.#law = law;
    this.#seed = seed;
    this.restart();
  }

  restart(): void {
    const { onMicros, offMicros, shape } = this.#law;
    this.on = drawAt(this.#seed, 0, 1) < onMicros / (onMicros + offMicros);
    this.until = whole(residual(drawAt(this.#seed, 0, 2), this.on ? onMicros : offMicros, shape));
    this.#draws = 1;
  }

  seek(at: number): void {
    const { onMicros, offMicros, shape } = this.#law;
    while (this.until <= at) {
      this.on = !this.on;
      const scale = ((this.on ? onMicros : offMicros) * (shape - 1)) / shape;
      this.until += whole(pareto(drawAt(this.#seed, this.#draws++, 0), shape, scale));
    }
  }
}

const whole = (micros: number): number => Math.max(1, Math.round(micros));

/**
 * Demand of a source that consists of sessions which send and fall silent on their own, as a factor of mean 1, in equilibrium
 * from time 0. Sums of such sessions are bursty at many time scales (Willinger et al., 1997).
 */
export function onOff(law: OnOff, seed: number, name: string): Steps {
  const sessions = Array.from(
    { length: law.sessions },
    (_, i) => new Session(law, seedOf(seed, `${name}/${i}`)),
  );
  const each = (law.onMicros + law.offMicros) / law.onMicros / law.sessions;
  let last = 0;
  const steps = {
    value: 1,
    until: 0,
    seek(at: number): void {
      let sending = 0;
      let until = Infinity;
      for (const session of sessions) {
        if (at < last) session.restart();
        if (session.until <= at) session.seek(at);
        if (session.on) sending++;
        if (session.until < until) until = session.until;
      }
      last = at;
      steps.value = sending * each;
      steps.until = until;
    },
  };
  steps.seek(0);
  return steps;
}

/** Gaps of mean 1 of a Poisson process. */
export const exponentialGaps = (draw: () => number) => (): number => exponential(draw(), 1);
