import { buffersFor } from '../executors/executor.ts';
import type { Executor, Program, Values } from '../executors/executor.ts';
import type { Weights } from '../onnx/writer.ts';
import { LEARNING_RATE } from '../optimisers/optimiser.ts';
import type { TrainStep } from './train-step.ts';

/** Training has left the numbers: the loss or the gradient is no longer finite. The parameters are those before the step. */
export class Diverged extends Error {
  override readonly name = 'Diverged';
}

/** A point in a training run: parameters and optimiser memory by name, and the number of updates made. */
export interface TrainerState {
  readonly values: Weights;
  readonly updates: number;
}

/** Runs training steps and holds what they carry over, in two sets of arrays that swap: no parameter is copied per step. */
export class Trainer {
  readonly #program: Program;
  readonly #step: TrainStep;
  #now: Record<string, Float32Array>;
  #next: Record<string, Float32Array>;
  readonly #outputs: Record<string, Float32Array>;
  #updates: number;

  private constructor(program: Program, step: TrainStep, start: TrainerState) {
    this.#program = program;
    this.#step = step;
    this.#updates = start.updates;
    const arrays = (): Record<string, Float32Array> =>
      Object.fromEntries(step.carried.map(({ name, size }) => [name, new Float32Array(size)]));
    [this.#now, this.#next] = [arrays(), arrays()];
    const carried = new Set(step.carried.map(({ next }) => next));
    this.#outputs = buffersFor(program.outputs.filter(({ name }) => !carried.has(name)));
    for (const { name, kind, size } of step.carried) {
      const values = start.values.get(name);
      if (values === undefined && kind === 'slot') continue;
      if (values?.length !== size)
        throw new RangeError(`"${name}" starts with ${values?.length ?? 0} numbers, ${size} are wanted`);
      this.#now[name]?.set(values);
    }
  }

  /** A trainer of compiled steps from given weights, or from where another left off. */
  static async create(executor: Executor, step: TrainStep, start: Weights | TrainerState): Promise<Trainer> {
    const state = 'updates' in start ? start : { values: start, updates: 0 };
    return new Trainer(await executor.compile(step.graph), step, state);
  }

  /**
   * One update on one batch. Returns the loss, the gradient's norm and the metrics; the arrays are overwritten by the next step.
   * Throws `Diverged`, and keeps the parameters, when loss or gradient is not finite.
   */
  async step(data: Values, learningRate: number): Promise<Values> {
    const feeds: Record<string, Float32Array> = { ...this.#now, ...data };
    feeds[LEARNING_RATE] = Float32Array.of(learningRate);
    for (const [name, value] of Object.entries(this.#step.scalars(this.#updates + 1)))
      feeds[name] = Float32Array.of(value);
    const into = { ...this.#outputs };
    for (const { name, next, size } of this.#step.carried)
      into[next] = this.#next[name] ?? new Float32Array(size);
    await this.#program.run(feeds, into);
    const [loss = NaN, norm = NaN] = [this.#outputs['loss']?.[0], this.#outputs['gradientNorm']?.[0]];
    if (!Number.isFinite(loss) || !Number.isFinite(norm))
      throw new Diverged(
        `update ${this.#updates + 1}: loss ${loss}, gradient norm ${norm}: lower the learning rate`,
      );
    this.#updates++;
    [this.#now, this.#next] = [this.#next, this.#now];
    return this.#outputs;
  }

  /** Copies of the parameters now. */
  weights(): Weights {
    const parameters = this.#step.carried.filter(({ kind }) => kind === 'parameter');
    return new Map(parameters.map(({ name }) => [name, Float32Array.from(this.#now[name] ?? [])]));
  }

  /** Copies of everything needed to go on later as if nothing had happened. */
  state(): TrainerState {
    const values = this.#step.carried.map(
      ({ name }) => [name, Float32Array.from(this.#now[name] ?? [])] as const,
    );
    return { values: new Map(values), updates: this.#updates };
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}
