import assert from 'node:assert/strict';
import { exogenousSpec } from './schema.ts';

describe('exogenousSpec', () => {
  it('an empty spec is plain Poisson: nothing moves, fails or varies', () => {
    assert.deepEqual(exogenousSpec.parse({}), {
      arrivals: {
        gaps: 'exponential',
        scale: 1,
        space: { by: 'ingress' },
        time: { curve: 'flat' },
        flashCrowds: [],
      },
      mobility: { model: 'none' },
      radio: { profile: 'none' },
      work: { payload: { law: 'fixed' }, service: { law: 'deterministic' } },
      failures: { scripted: [], random: {}, outages: [] },
    });
  });

  const refused: Readonly<Record<string, { readonly input: unknown; readonly path: string }>> = {
    'an unknown part': { input: { weather: 'rain' }, path: '' },
    'an unknown key of a part': { input: { arrivals: { rate: 5 } }, path: 'arrivals' },
    'an unknown key of a choice': { input: { radio: { profile: 'none', lost: 1 } }, path: 'radio' },
    'an unknown profile': { input: { radio: { profile: '7g' } }, path: 'radio.profile' },
    'shares of tiers above 1': {
      input: { arrivals: { space: { by: 'tiers', urban: { share: 0.7 }, medium: { share: 0.7 } } } },
      path: 'arrivals.space.medium.share',
    },
    'a failure of two things': {
      input: { failures: { scripted: [{ at: '1s', node: 'a', region: 'b' }] } },
      path: 'failures.scripted.0',
    },
    'a duration without a unit': {
      input: { failures: { outages: [{ at: '5', share: 0.1 }] } },
      path: 'failures.outages.0.at',
    },
    'delays that fall': {
      input: {
        radio: {
          profile: 'quantiles',
          millis: [
            [0, 2],
            [1, 1],
          ],
        },
      },
      path: 'radio.millis',
    },
    'a curve that is always 0': {
      input: { arrivals: { time: { curve: 'points', points: [{ at: '0s', factor: 0 }] } } },
      path: 'arrivals.time.points',
    },
  };
  for (const [name, { input, path }] of Object.entries(refused))
    it(`refuses ${name}`, () => {
      const { error } = exogenousSpec.safeParse(input);
      assert.ok(
        error?.issues.some((issue) => issue.path.join('.') === path),
        JSON.stringify(error?.issues),
      );
    });
});
