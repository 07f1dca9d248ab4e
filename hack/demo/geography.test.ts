import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { clusterSites, distanceKm, pickSites, type Site } from './geography.ts';

const site = (id: string, latitude: number, longitude: number): Site => ({ id, latitude, longitude });

const cityOf = (count: { minLength: number; maxLength: number }): fc.Arbitrary<Site[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 9999 })), count)
    .map((cells) => cells.map(([x, y], at) => site(`s${at}`, -37.82 + x * 1e-6, 144.95 + y * 1e-6)));

describe('geography', () => {
  it('knows how far Sydney is from Melbourne', () => {
    const km = distanceKm(
      { latitude: -37.8142, longitude: 144.9632 },
      { latitude: -33.8688, longitude: 151.2093 },
    );
    assert.ok(Math.abs(km - 713) < 8, `${km} km`);
  });

  it('tells three groups apart, from west to east', () => {
    const groups = ['east', 'west', 'middle'].map((name, at) =>
      [0, 1, 2, 3].map((i) => site(`${name}${i}`, -37.81 + i * 1e-4, 144.95 + ([0.04, 0, 0.02][at] ?? 0))),
    );
    const names = clusterSites(groups.flat(), 3).map((cluster) => cluster.map(({ id }) => id.slice(0, -1)));
    assert.deepEqual(names, [Array(4).fill('west'), Array(4).fill('middle'), Array(4).fill('east')]);
  });

  it('puts every site in exactly one cluster', () => {
    fc.assert(
      fc.property(cityOf({ minLength: 3, maxLength: 60 }), (city) => {
        const clustered = clusterSites(city, 3).flat();
        assert.deepEqual(clustered.map(({ id }) => id).toSorted(), city.map(({ id }) => id).toSorted());
      }),
    );
  });

  it('picks as many different sites as asked, the gateway first and the rest by distance from it', () => {
    fc.assert(
      fc.property(cityOf({ minLength: 5, maxLength: 40 }), (city) => {
        const different = city.filter((a, at) => city.findIndex((b) => distanceKm(a, b) === 0) === at);
        fc.pre(different.length >= 5);
        const picked = pickSites(different, 5);
        assert.equal(new Set(picked).size, 5);
        const [gateway = site('none', 0, 0)] = picked;
        const km = picked.map((place) => distanceKm(place, gateway));
        for (const [at, far] of km.entries()) assert.ok(far + 1e-6 >= (km[at - 1] ?? 0), km.join(' '));
      }),
    );
  });
});
