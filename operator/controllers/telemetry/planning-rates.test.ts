import assert from 'node:assert/strict';
import fc from 'fast-check';
import { givenDag } from '../../given.ts';
import { planningRates } from './planning-rates.ts';

const dagOf = (...declared: [region: string, rate: string | undefined][]) =>
  givenDag({
    ingress: declared.map(([region, requestsPerSecond]) => ({
      region,
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    })),
  });
const seen = (ingress: number | undefined, byRegion: Readonly<Record<string, number>> = {}) => ({
  ingress,
  byRegion: new Map(Object.entries(byRegion)),
});

describe('requests that plans count on', () => {
  const two = dagOf(['north', '30'], ['south', '10']);
  const cases: Record<string, [unknown, unknown]> = {
    'what is measured, split as it is declared': [planningRates(two, seen(80), undefined), [60, 20]],
    'by region where that is known': [
      planningRates(two, seen(80, { north: 20, south: 60 }), undefined),
      [20, 60],
    ],
    'not by region where most of it is unknown': [
      planningRates(two, seen(80, { north: 20 }), undefined),
      [60, 20],
    ],
    'evenly where nothing is declared': [
      planningRates(dagOf(['north', undefined], ['south', undefined]), seen(8), undefined),
      [4, 4],
    ],
    'a tenth of what is declared at least': [planningRates(two, seen(0), undefined), [3, 1]],
    'ten times at most': [planningRates(two, seen(1e6), undefined), [300, 100]],
    'what was in use, while it is close': [planningRates(two, seen(83), [60, 20]), [60, 20]],
    'something else once it is not': [planningRates(two, seen(100), [60, 20]), [75, 25]],
    'nothing while nothing is measured': [planningRates(two, seen(undefined), [60, 20]), undefined],
    'nothing where users come from nowhere': [planningRates(dagOf(), seen(5), undefined), undefined],
  };
  for (const [name, [got, want]] of Object.entries(cases)) it(name, () => assert.deepEqual(got, want));

  it('are finite, within bounds, and stay when they are measured again', () => {
    const rate = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (ingress, north) => {
        const figures = seen(ingress, { north });
        const rates = planningRates(two, figures, undefined) ?? [];
        assert.ok(rates.every((r, i) => r >= [3, 1][i]! && r <= [300, 100][i]!)); // oxlint-disable-line typescript/no-non-null-assertion
        assert.equal(planningRates(two, figures, rates), rates);
      }),
    );
  });
});
