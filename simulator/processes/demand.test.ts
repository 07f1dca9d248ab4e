import assert from 'node:assert/strict';
import { InputError } from '#crds/input-error.ts';
import type { Item } from '#world/test-world.ts';
import { exogenousOf } from './exogenous-of.ts';
import { exogenousSpec } from './schema.ts';
import { app, city, options } from './test-city.ts';

/** True rates of all sources at the start. */
function rates(arrivals: object, apps: readonly Item[], seed = 1): readonly number[] {
  const made = exogenousOf(exogenousSpec.parse({ arrivals }), city(...apps), options({ seed }), {});
  return made.sources.map((_, source) => made.rateAt(source, 0));
}

const both = app('both', { east: 30, west: 10 });
const west = app('west', { west: 20 });

describe('demand in space', () => {
  it('is what the ingress says', () => {
    assert.deepEqual(rates({}, [both, west]), [30, 10, 20]);
  });

  it('follows the sites, and the total stays', () => {
    // East weighs 3 of 4.
    assert.deepEqual(rates({ space: { by: 'sites' } }, [both, west]), [45, 5, 10]);
  });

  it('follows the tiers: the heaviest region is urban, and each keeps to its range', () => {
    const space = { by: 'tiers', urban: { share: 0.5 }, medium: { share: 0 } };
    for (let seed = 0; seed < 20; seed++) {
      const [east = 0, ...rest] = rates({ space }, [both, west], seed);
      const suburb = rest.reduce((a, b) => a + b, 0);
      assert.ok(east >= 150 && east <= 400 && suburb >= 10 && suburb <= 50, `${east}, ${suburb}`);
    }
    assert.notDeepEqual(rates({ space }, [both, west], 1), rates({ space }, [both, west], 2));
  });

  it('enters from other regions as said, and DAGs keep their totals', () => {
    assert.deepEqual(rates({ crossRegion: 0.25 }, [both]), [30, 10]);
    assert.deepEqual(rates({ crossRegion: 0.5 }, [both]), [20, 20]);
    // Home demand is spread first: east gets 3/4 of 60 from `both`, west the rest from `gone`, then a fifth of each crosses.
    const gone = app('gone', { west: 20, east: 0 });
    const shared = rates({ crossRegion: 0.2, space: { by: 'sites' } }, [both, gone]);
    assert.deepEqual(
      shared.map((rate) => Math.round(rate * 1000) / 1000),
      [36, 9, 12, 3],
    );
  });

  it('is scaled to a total and by a factor', () => {
    assert.deepEqual(rates({ total: 6 }, [both, west]), [3, 1, 2]);
    assert.deepEqual(rates({ scale: 2 }, [both, west]), [60, 20, 40]);
  });

  const wrong: Readonly<
    Record<string, { readonly spec: object; readonly apps?: readonly Item[]; readonly says: RegExp }>
  > = {
    'an entry without a rate': {
      spec: {},
      apps: [app('quiet', { east: undefined })],
      says: /ServiceDAG default\/quiet: spec\.ingress\[0\]\.requestsPerSecond: no rate/,
    },
    'users in one region only, where some shall come from others': {
      spec: { arrivals: { crossRegion: 0.2 } },
      says: /ServiceDAG default\/west: spec\.ingress: crossRegion/,
    },
    'a crowd in an unknown region': {
      spec: { arrivals: { flashCrowds: [{ at: '1s', for: '1s', factor: 2, regions: ['eats'] }] } },
      says: /flashCrowds\[0\]\.regions\[0\]: no region "eats" in test; did you mean east\?/,
    },
    'a failure of an unknown node': {
      spec: { failures: { scripted: [{ at: '1s', node: 'e9' }] } },
      says: /failures\.scripted\[0\]\.node: no node "e9"/,
    },
    'a failure of an unknown link': {
      spec: { failures: { scripted: [{ at: '1s', link: { from: 'e2', to: 'e1' } }] } },
      says: /failures\.scripted\[0\]\.link: no link "e2 to e1"/,
    },
  };
  for (const [name, { spec, apps = [west], says }] of Object.entries(wrong))
    it(`refuses ${name}`, () => {
      assert.throws(
        () => exogenousOf(exogenousSpec.parse(spec), city(...apps), options(), {}),
        (error) => error instanceof InputError && says.test(error.message),
      );
    });
});
