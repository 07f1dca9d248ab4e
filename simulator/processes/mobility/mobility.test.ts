import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Site } from '#simulator/city.ts';
import { exogenousOf } from '../exogenous-of.ts';
import { exogenousSpec } from '../schema.ts';
import { regionWeights } from '../sources.ts';
import { app, city, options } from '../test-city.ts';
import type { Track } from '../traces.ts';
import { attach } from './attachment.ts';
import { fitted } from './fit.ts';
import { Interruptions } from './interruptions.ts';
import { mobilityOf } from './mobility.ts';
import { replay } from './motion.ts';
import { SiteGrid } from './site-grid.ts';

const SECOND = 1_000_000;

/** From site `a` (west) past `b` to `c` (east), 2 km in 200 s. */
const ride: Track = {
  seconds: Float64Array.of(0, 100, 200),
  latitude: Float64Array.of(0, 0, 0),
  longitude: Float64Array.of(0, 0.009, 0.018),
};

const metres = (x: number): number => Math.round(x);

describe('motion', () => {
  const { sites } = city();
  const grid = new SiteGrid(sites);
  const at = (seconds: number, pace = 1, start = 0): number =>
    metres(
      replay(ride, start, pace, (lat, long) => grid.place(lat, long))(seconds * SECOND).x - grid.places[0]!.x,
    );

  it('follows a track in straight lines, and back again at its end', () => {
    assert.deepEqual([at(0), at(50), at(150), at(200)], [0, 500, 1501, 2002]);
    assert.deepEqual([at(250), at(400), at(450)], [1501, 0, 500]);
  });

  it('is as fast as its pace, from its own moment on', () => {
    assert.deepEqual([at(50, 2), at(50, 0), at(50, 1, 100)], [1001, 0, 1501]);
  });

  it('stretches the recorded box onto the city’s', () => {
    const small = { ...ride, longitude: Float64Array.of(10, 10.5, 11) };
    const place = fitted([small], sites, grid);
    assert.ok(Math.abs(place(0, 10).x - grid.places[0]!.x) < 1);
    assert.ok(Math.abs(place(0, 11).x - grid.places[2]!.x) < 1);
  });
});

describe('SiteGrid', () => {
  it('finds the same nearest two as looking at every site', () => {
    const degrees = fc.double({ min: -0.2, max: 0.2, noNaN: true });
    const point = fc.record({ latitude: degrees, longitude: degrees });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 60 }), point, (points, from) => {
        const sites = points.map((p, i): Site => ({
          name: `s${i}`,
          region: 'r',
          node: 'n',
          weight: 1,
          latitude: 30 + p.latitude,
          longitude: p.longitude,
        }));
        const grid = new SiteGrid(sites);
        const place = grid.place(30 + 2 * from.latitude, 2 * from.longitude);
        const all = sites.map((_, i) => grid.metres(i, place)).sort((a, b) => a - b);
        const found = grid.nearest(place);
        assert.equal(found.metres, all[0]);
        assert.equal(grid.metres(found.site, place), all[0]);
        assert.equal(found.nextMetres, all[1] ?? Infinity);
      }),
    );
  });
});

describe('attach', () => {
  const { sites } = city();
  const grid = new SiteGrid(sites);
  const toPlace = (lat: number, long: number) => grid.place(lat, long);
  const rides = (hysteresisMetres: number) =>
    attach(
      [replay(ride, 0.5, 1, toPlace)],
      sites,
      grid,
      { everyMicros: SECOND, hysteresisMetres, untilMicros: 400 * SECOND },
      1,
    );

  it('changes site in the middle between two, later by half the hysteresis', () => {
    const steps = (hysteresis: number): readonly number[] =>
      rides(hysteresis).changes.map(({ stepMicros }) => stepMicros / SECOND);
    assert.deepEqual(steps(0), [50, 150, 250, 350]);
    assert.deepEqual(steps(200), [60, 160, 260, 360]);
    assert.deepEqual(
      rides(0).changes.map(({ site }) => site),
      [1, 2, 1, 0],
    );
  });

  it('each change is felt within its step', () => {
    for (const { atMicros, stepMicros } of rides(0).changes)
      assert.ok(Number.isInteger(atMicros) && atMicros >= stepMicros && atMicros < stepMicros + SECOND);
  });

  it('skipping looks that cannot matter changes nothing', () => {
    const { first, changes } = rides(100);
    let site = first[0] ?? 0;
    const motion = replay(ride, 0.5, 1, toPlace);
    const plain: (readonly [number, number])[] = [];
    for (let s = 1; s < 400; s++) {
      const place = motion(s * SECOND);
      const found = grid.nearest(place);
      if (found.site !== site && found.metres + 100 < grid.metres(site, place)) {
        site = found.site;
        plain.push([s * SECOND, site]);
      }
    }
    assert.deepEqual(
      changes.map(({ stepMicros, site }) => [stepMicros, site]),
      plain,
    );
  });
});

describe('Interruptions', () => {
  const handovers = new Map([
    [
      'east',
      [
        { atMicros: 1000, share: 0.5 },
        { atMicros: 1040, share: 0.25 },
      ],
    ],
  ]);
  const left = (at: number, draw: number): number =>
    new Interruptions(100, handovers).left('east', at, () => draw);

  it('a request waits for the rest of its own user’s handover', () => {
    // The later handover takes the first quarter of the draws, the earlier one the next half.
    assert.deepEqual([left(1050, 0.1), left(1050, 0.5), left(1050, 0.8)], [90, 50, 0]);
  });

  it('nobody waits before, after, or elsewhere', () => {
    assert.deepEqual([left(999, 0), left(1140, 0), left(1100, 0.9)], [0, 0, 0]);
    assert.equal(
      new Interruptions(100, handovers).left('west', 1050, () => 0),
      0,
    );
  });
});

describe('moving demand', () => {
  const taxis = { model: 'taxis', fit: 'as-recorded', groups: 50, every: '1s' };
  const fate = (mobility: object, apps = [app('shop', { east: 30, west: 10 }), app('far', { east: 8 })]) =>
    exogenousOf(exogenousSpec.parse({ mobility }), city(...apps), options(), { tracks: [ride] });
  const moments = Array.from({ length: 600 }, (_, s) => s * SECOND + 1);

  it('is conserved: each DAG’s entries have its whole demand at every moment', () => {
    const made = fate(taxis);
    for (const at of moments) {
      assert.ok(Math.abs(made.rateAt(0, at) + made.rateAt(1, at) - 40) < 1e-9);
      assert.ok(
        Math.abs(made.rateAt(2, at) - 8) < 1e-9,
        'a DAG with one entry keeps its users anchored there',
      );
    }
    assert.ok(new Set(moments.map((at) => made.rateAt(0, at))).size > 10, 'users move between regions');
  });

  it('nobody moves at the pace of the static', () => {
    const made = fate({ ...taxis, pace: 'static' });
    for (const at of moments) assert.deepEqual([made.rateAt(0, at), made.rateAt(1, at)], [30, 10]);
  });

  it('arrivals follow it', () => {
    const made = fate(taxis);
    const expected = moments.reduce((sum, at) => sum + made.rateAt(1, at), 0);
    let count = 0;
    while (made.sources[1]!.next() !== Infinity) count++;
    assert.ok(Math.abs(count - expected) < 5 * Math.sqrt(expected) + 20, `${count} for ${expected}`);
  });

  it('some requests wait for a handover, none longer than it takes, and none without mobility', () => {
    const waits = (mobility: object): readonly number[] => {
      const { radio } = fate(mobility);
      return moments.flatMap((at, i) =>
        Array.from({ length: 20 }, (_, k) => radio.access(i * 20 + k, 0, at + k * 50_000).extraMicros),
      );
    };
    const found = waits({ ...taxis, interruption: '200ms' });
    assert.ok(found.some((wait) => wait > 0));
    assert.ok(found.every((wait) => wait >= 0 && wait <= 200_000));
    assert.ok(waits({ model: 'none' }).every((wait) => wait === 0));
  });

  it('random waypoint: same seed, same moves; users visit every region', () => {
    const { mobility } = exogenousSpec.parse({ mobility: { model: 'waypoint', groups: 40, pause: '30s' } });
    const made = (seed: number) => mobilityOf(mobility, city(), options({ seed }), []);
    assert.deepEqual(made(3), made(3));
    assert.notDeepEqual(made(3)?.of, made(4)?.of);
    const { regions = [], of = [] } = made(3) ?? {};
    assert.deepEqual(regions, [...regionWeights(city()).keys()].sort());
    for (const { rows } of of)
      for (const row of rows) assert.ok(Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-9);
    assert.ok(of.some(({ rows }) => rows.length > 10));
  });
});
