import { Evaluator } from './evaluator.ts';
import type { Objective } from './evaluator.ts';
import { hasChoice } from './fractions.ts';
import type { Instance } from './instance.ts';
import { judge } from './judge.ts';
import type { Judgement } from './judge.ts';
import { QuickSteering } from './quick-steering.ts';
import { Steering } from './steering.ts';
import { Traffic } from './traffic.ts';

/** Whether flow fractions are decided together with the placement, or calls are left to spread evenly. */
export type FractionsMode = 'joint' | 'even';

/** Judges an assignment; of several ways to steer its calls the one that `better` prefers. */
export function judgeSteered(
  instance: Instance,
  assign: Int32Array,
  better: (a: Judgement, b: Judgement) => number,
): Judgement {
  const even = judge(instance, assign);
  if (!canSteer(instance)) return even;
  const steered = judge(instance, assign, new Steering(instance).fractions(assign));
  return better(steered, even) < 0 ? steered : even;
}

/** Whether steering may change anything: a service that is called has several replicas, and rates say how full they are. */
export const canSteer = (instance: Instance): boolean =>
  hasChoice(instance) && instance.services.some(({ rate }) => rate > 0);

/** Scores assignments by the better of even shares and steered ones (in coarse steps): what a joint search minimises. */
export class SteeredEvaluator extends Evaluator {
  readonly #steering: QuickSteering | undefined;
  readonly #traffic: Traffic;

  /** Without `steers` it is a plain evaluator. */
  constructor(instance: Instance, objective: Objective, steers = true) {
    super(instance, objective);
    this.#steering = steers && canSteer(instance) ? new QuickSteering(instance) : undefined;
    this.#traffic = new Traffic(instance, this.flow.firstPair);
  }

  override value(assign: Int32Array): number {
    const even = super.value(assign);
    if (this.#steering === undefined) return even;
    const { broken } = this;
    this.flow.traffic = this.#traffic.steer(assign, this.#steering.fractions(assign, this.flow.time));
    const steered = super.value(assign);
    this.flow.traffic = undefined;
    if (steered < even) return steered;
    this.broken = broken;
    return even;
  }
}
