import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contentOf } from '#memory/test-traces.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { compact, expand } from './compact.ts';

describe('bytes', () => {
  it('give every number and text back', () => {
    const numbers = fc.oneof(
      fc.maxSafeNat(),
      fc.double({ noNaN: true }),
      fc.constantFrom(0, -0, 2 ** 52, 2 ** 52 - 1, -1, 0.5, 1e18),
    );
    fc.assert(
      fc.property(
        fc.array(numbers),
        fc.array(fc.string({ unit: 'binary' })),
        fc.maxSafeNat(),
        (values, texts, n) => {
          const w = new ByteWriter();
          w.begin();
          w.natural(n);
          w.natural(values.length);
          for (const value of values) w.number(value);
          for (const text of texts) w.text(text);
          const r = new ByteReader(w.end(), 0);
          assert.equal(r.natural(), n);
          assert.deepEqual(
            r.list(() => r.number()),
            values,
          );
          for (const text of texts) assert.equal(r.text(), Buffer.from(text).toString());
        },
      ),
    );
  });

  it('grow with what is written', () => {
    const w = new ByteWriter();
    w.begin();
    const long = 'ä€'.repeat(20_000);
    w.text(long);
    for (let i = 0; i < 20_000; i++) w.number(-i);
    const r = new ByteReader(w.end(), 0);
    assert.equal(r.text(), long);
    for (let i = 0; i < 20_000; i++) assert.equal(r.number(), -i);
  });

  it('of a trace that are cut short, or of another format, are refused', () => {
    const whole = compact(contentOf(4));
    for (let length = 1; length < whole.length; length += 7)
      assert.throws(() => expand(whole.subarray(0, length)), /cut short|names nothing/, `${length}`);
    assert.throws(() => expand(Uint8Array.of(5, 1)), /earlier version/);
    assert.throws(() => expand(Uint8Array.of(2, 9)), /version 9/);
  });
});
