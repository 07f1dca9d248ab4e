import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  durationMicros,
  formatMicros,
  POSITIVE_DURATION,
  POSITIVE_QUANTITY,
  DURATION,
  PROBABILITY,
  quantity,
  QUANTITY,
} from './quantity.ts';

describe('durationMicros', () => {
  const cases: Record<string, number> = {
    '0us': 0,
    '700us': 700,
    '20ms': 20_000,
    '1.5s': 1_500_000,
    '0.1ms': 100,
    '2m': 120_000_000,
    '1h': 3_600_000_000,
    '1.0005ms': 1001,
    '1.0004ms': 1000,
    '0.29s': 290_000,
    '1.005s': 1_005_000,
  };
  for (const [text, us] of Object.entries(cases))
    it(`reads ${text}`, () => assert.equal(durationMicros(text), us));

  for (const text of [
    '',
    '20',
    'ms',
    '5 ms',
    '-1ms',
    '+1ms',
    '1.ms',
    '.5s',
    '1d',
    '1ns',
    '20MS',
    '1ms ',
    '1e3us',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => durationMicros(text), /is no duration: write 700us/));
  }

  it('reads back what formatMicros writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (us) => durationMicros(formatMicros(us)) === us),
    );
  });

  it('is exact to the microsecond, whatever the unit', () => {
    const parts = fc.tuple(fc.nat(999_999), fc.nat(999), fc.constantFrom(['ms', 1], ['s', 1000]));
    fc.assert(
      fc.property(parts, ([whole, thousandths, [unit, scale]]) => {
        const text = `${whole}.${String(thousandths).padStart(3, '0')}${unit}`;
        assert.equal(durationMicros(text), (whole * 1000 + thousandths) * scale);
      }),
    );
  });
});

describe('formatMicros', () => {
  const cases: [number, string][] = [
    [0, '0us'],
    [999, '999us'],
    [18_250, '18.25ms'],
    [1_500_000, '1.5s'],
    [Infinity, 'unlimited'],
  ];
  for (const [us, text] of cases) it(`writes ${text}`, () => assert.equal(formatMicros(us), text));
});

describe('quantity', () => {
  const cases: [string | number, number][] = [
    ['0', 0],
    ['0.999', 0.999],
    ['1500Ki', 1_536_000],
    ['1.5Gi', 1_610_612_736],
    ['1G', 1e9],
    ['120M', 120e6],
    ['0.3M', 300_000],
    ['1.1G', 1.1e9],
    ['250m', 0.25],
    ['5u', 5e-6],
    ['7n', 7e-9],
    ['2e3', 2000],
    ['2E3', 2000],
    ['12e-1', 1.2],
    ['2E', 2e18],
    ['1Ei', 2 ** 60],
    ['.5', 0.5],
    ['5.', 5],
    ['+5', 5],
    ['-5k', -5000],
    [8, 8],
    [0.5, 0.5],
  ];
  for (const [text, value] of cases)
    it(`reads ${JSON.stringify(text)}`, () => assert.equal(quantity(text), value));

  for (const text of [
    '',
    'k',
    '1 G',
    '1GB',
    '1K',
    '1.2.3',
    'NaN',
    'Infinity',
    '0x10',
    '1e',
    '--1',
    '1e100',
    ' 1',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => quantity(text), /is no quantity: write 1500Ki/));
  }
  it('refuses a number that is none', () => assert.throws(() => quantity(Number.NaN), /NaN is no quantity/));

  it('reads back every finite whole number and fraction', () => {
    fc.assert(fc.property(fc.nat(), (n) => quantity(String(n)) === n && quantity(`${n}Ki`) === n * 1024));
    fc.assert(fc.property(fc.nat(), (n) => quantity(`${n}k`) === n * 1000 && quantity(`${n}m`) === n / 1000));
  });
});

describe('the grammars', () => {
  const digits = fc.stringMatching(/^[0-9]{1,4}$/);
  const number = fc.oneof(
    digits,
    fc.tuple(digits, digits).map(([a, b]) => `${a}.${b}`),
    digits.map((d) => `.${d}`),
    digits.map((d) => `${d}.`),
  );
  const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Gi', 'e2', 'E-2', 'E');
  const text = fc.tuple(number, suffix).map(([n, s]) => n + s);

  it('call a quantity positive exactly when it is above zero', () => {
    fc.assert(
      fc.property(text, (t) => {
        assert.ok(QUANTITY.test(t), t);
        assert.equal(POSITIVE_QUANTITY.test(t), quantity(t) > 0, t);
      }),
    );
  });

  it('call a duration positive exactly when its digits are not all zero', () => {
    const duration = fc.tuple(digits, fc.option(digits), fc.constantFrom('us', 'ms', 's', 'm', 'h'));
    fc.assert(
      fc.property(duration, ([whole, fraction, unit]) => {
        const t = fraction === null ? whole + unit : `${whole}.${fraction}${unit}`;
        assert.ok(DURATION.test(t), t);
        assert.equal(POSITIVE_DURATION.test(t), /[1-9]/.test(t), t);
      }),
    );
  });

  it('call a probability what lies between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(2), fc.option(digits), fc.constantFrom('', 'm')),
        ([whole, fraction, unit]) => {
          const t = fraction === null ? `${whole}${unit}` : `${whole}.${fraction}${unit}`;
          if (PROBABILITY.test(t)) assert.ok(quantity(t) >= 0 && quantity(t) <= 1, t);
          else assert.ok(quantity(t) > 1 || unit === 'm', t);
        },
      ),
    );
  });
});
