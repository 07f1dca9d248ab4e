import type { Initialiser } from './initialisers.ts';
import { sameShape, show, wants } from './ir/shape.ts';
import type { Shape } from './ir/shape.ts';
import { input } from './ir/tensor.ts';
import type { Tensor } from './ir/tensor.ts';
import type { Weights } from './onnx/writer.ts';
import type { Random } from './random.ts';

/**
 * The weights of a model: named inputs of its graphs and their values. Asking twice for a name gives the same tensor, so a model can be
 * built for several batch sizes with one set of weights.
 */
export class Parameters {
  readonly #random: Random;
  readonly #tensors = new Map<string, Tensor>();
  readonly #values: Map<string, Float32Array>;
  readonly #frozen: boolean;

  /** With `weights` their values are used, and a name that is not among them is refused; else values are drawn from `random`. */
  constructor(random: Random, weights?: Weights) {
    this.#random = random;
    this.#frozen = weights !== undefined;
    this.#values = new Map(weights);
  }

  /** The weight of this name. Each name draws from a stream of its own, so adding one does not change the others. */
  get(name: string, shape: Shape, initialiser: Initialiser): Tensor {
    const known = this.#tensors.get(name);
    if (known !== undefined) {
      wants(
        sameShape(known.shape, shape),
        'Parameters',
        `"${name}" is ${show(known.shape)}, not ${show(shape)}`,
      );
      return known;
    }
    if (this.#frozen)
      wants(this.#values.has(name), 'Parameters', `the weights have no "${name}": they are of another model`);
    else this.#values.set(name, initialiser(shape, this.#random.split(name)));
    const tensor = input(name, shape);
    this.#tensors.set(name, tensor);
    return tensor;
  }

  /** Every weight asked for so far, in the order of asking. */
  get tensors(): readonly Tensor[] {
    return [...this.#tensors.values()];
  }

  /** Values by name. */
  get weights(): Weights {
    return this.#values;
  }
}
