import { Random } from '#learning/random.ts';

/** Numbers for the slice and for the policy each. */
export const TAG = 8;

/** Length of the slice's and the policy's part beside z's 1: two situations that differ in one tag alone have cosine 0.94. */
const TAG_LENGTH = 0.25;

/**
 * q = [z ‖ slice ‖ policy] (paper, q_ctx of Eq. 1 and 2), length 1: vectors of the same slice or policy lie nearer. A tag is a fixed
 * direction drawn from its name, so that no list of names has to be kept.
 */
export function queryVector(z: Float32Array, slice: string, policy: string): Float32Array {
  const whole = [...z, ...tag(`slice/${slice}`), ...tag(`policy/${policy}`)];
  const norm = Math.sqrt(whole.reduce((total, x) => total + x * x, 0));
  return Float32Array.from(whole, (x) => x / norm);
}

function tag(name: string): number[] {
  const random = new Random(0).split(name);
  const direction = Array.from({ length: TAG }, () => random.normal());
  const norm = Math.sqrt(direction.reduce((total, x) => total + x * x, 0));
  return direction.map((x) => (x * TAG_LENGTH) / norm);
}
