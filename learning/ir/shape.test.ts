import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluate } from '../executors/reference.ts';
import { add } from './elementwise.ts';
import { gather } from './gather.ts';
import { graphOf } from './graph.ts';
import { concat, expand, reshape, slice, transpose } from './layout.ts';
import { matmul } from './matmul.ts';
import { sum } from './reduce.ts';
import { constant, input } from './tensor.ts';

const x = input('x', [2, 3]);

describe('shapes', () => {
  const refused: Record<string, { make: () => unknown; message: RegExp }> = {
    'a sum that does not broadcast': {
      make: () => add(x, input('y', [2])),
      message: /Add: \[2,3\] and \[2\] do not broadcast/,
    },
    'a product of unlike sizes': { make: () => matmul(x, x), message: /MatMul: \[2,3\] times \[2,3\]/ },
    'a product of unlike batches': {
      make: () => matmul(input('a', [2, 2, 2]), input('b', [3, 2, 2])),
      message: /MatMul/,
    },
    'a reshape of another size': {
      make: () => reshape(x, [4]),
      message: /Reshape: \[2,3\] does not fill \[4\]/,
    },
    'an order that is none': { make: () => transpose(x, [0, 0]), message: /Transpose/ },
    'a slice past the end': { make: () => slice(x, 1, 2, 4), message: /Slice: 2\.\.4 is not within axis 1/ },
    'an axis that is not there': { make: () => sum(x, [2]), message: /ReduceSum: axes \[2\]/ },
    'parts that do not join': { make: () => concat([x, input('y', [3, 3])], 1), message: /Concat/ },
    'a stretch that is none': { make: () => expand(x, [2, 6]), message: /Expand/ },
    'an input without a size': { make: () => input('x', [0]), message: /Input: "x" has shape \[0\]/ },
    'an input of a kept name': { make: () => input('#1', [1]), message: /"#1" is no name/ },
    'two inputs of one name': {
      make: () => graphOf({ y: add(x, input('x', [2, 3])) }),
      message: /two inputs are named "x"/,
    },
    'an output named as an input': {
      make: () => graphOf({ x: add(x, 1) }),
      message: /output "x" has the name of an input/,
    },
  };
  for (const [name, { make, message }] of Object.entries(refused))
    it(`refuse ${name}`, () =>
      assert.throws(make, (error: Error) => error.name === 'ShapeError' && message.test(error.message)));

  it('an index outside the rows is an error in the reference', () => {
    assert.throws(
      () => evaluate([gather(x, constant([0, 2], [2]))], { x: [1, 2, 3, 4, 5, 6] }),
      /Gather: index 2 at 1 is not one of 2 rows/,
    );
  });

  it('transposing there and back changes nothing', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    const orders = sizes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
    );
    fc.assert(
      fc.property(orders, ([shape, order]) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const values = Array.from({ length: size }, (_, i) => i);
        const back = order.map((_, axis) => order.indexOf(axis));
        const [result] = evaluate([transpose(transpose(constant(values, shape), order), back)], {});
        assert.deepEqual([...(result ?? [])], values);
      }),
    );
  });

  it('a graph of a hundred thousand operations is built, differentiated and evaluated', () => {
    let y = sum(input('z', [1]));
    for (let i = 0; i < 100_000; i++) y = add(y, 1);
    assert.deepEqual(evaluate([y], { z: [1] })[0], Float64Array.of(100_001));
  });
});
