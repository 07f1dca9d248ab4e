import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DataFolder } from '#simulator/data/folder.ts';
import { curveThrough } from './curve.ts';
import { exogenousOf } from './exogenous-of.ts';
import { pointProcess } from './point-process.ts';
import { readTraces } from './read-traces.ts';
import { exogenousSpec } from './schema.ts';
import { along, constant, product, sampled } from './steps.ts';
import type { Table } from './steps.ts';
import { app, city, options } from './test-city.ts';

const PERIOD = 1000;

const tables: fc.Arbitrary<Table> = fc
  .uniqueArray(fc.record({ start: fc.integer({ min: 1, max: PERIOD - 1 }), value: fc.nat(9) }), {
    selector: ({ start }) => start,
    maxLength: 6,
  })
  .chain((rest) => {
    const rows = [{ start: 0, value: 3 }, ...rest.sort((a, b) => a.start - b.start)];
    const shared = { starts: rows.map(({ start }) => start), values: rows.map(({ value }) => value) };
    return fc.record({
      starts: fc.constant(shared.starts),
      values: fc.constant(shared.values),
      period: fc.constantFrom(PERIOD, Infinity),
      offset: fc.nat(PERIOD),
    });
  });

/** The value of a table by looking at every row. */
function plainly({ starts, values, period, offset = 0 }: Table, at: number): number {
  const place = period === Infinity ? at + offset : (at + offset) % period;
  let value = 0;
  for (let i = 0; i < starts.length; i++) if ((starts[i] ?? 0) <= place) value = values[i] ?? 0;
  return value;
}

describe('steps', () => {
  it('say what the table says, in whatever order one asks, and hold until they say', () => {
    fc.assert(
      fc.property(
        fc.array(tables, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(5000)),
        (all, moments) => {
          const steps = product(all.map(along));
          const want = (at: number): number => all.reduce((value, table) => value * plainly(table, at), 1);
          for (const at of moments) {
            steps.seek(at);
            assert.equal(steps.value, want(at));
            assert.ok(steps.until > at);
            assert.equal(want(Math.min(steps.until, 1e6) - 1), steps.value);
          }
        },
      ),
    );
  });

  it('a curve keeps the mean of its straight lines in every piece', () => {
    const { starts, values } = curveThrough(
      [
        { atMicros: 0, factor: 0 },
        { atMicros: 500, factor: 4 },
        { atMicros: 500, factor: 1 },
      ],
      PERIOD,
      false,
    );
    const area = Array.from(starts, (start, i) => (values[i] ?? 0) * ((starts[i + 1] ?? PERIOD) - start));
    const before = area.filter((_, i) => (starts[i] ?? 0) < 500).reduce((a, b) => a + b, 0);
    const after = area.filter((_, i) => (starts[i] ?? 0) >= 500).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(before - 1000) < 10 && Math.abs(after - 250) < 3, `${before}, ${after}`);
  });

  it('a share of 1 is always; a tiny one is at least a microsecond', () => {
    assert.equal(sampled(1, 10).until, Infinity);
    const least = sampled(1e-9, 10);
    assert.deepEqual([least.value, least.until], [1, 1]);
  });
});

describe('pointProcess', () => {
  it('arrives exactly when the intensity has summed up to the gaps', () => {
    fc.assert(
      fc.property(tables, (table) => {
        // Never on the edge of a microsecond, where sums are whole.
        const gap = 0.618033988749;
        const next = pointProcess(product([along(table), constant(1)]), () => gap, 5000);
        const want: number[] = [];
        let sum = 0;
        for (let at = 0; at < 5000; at++) {
          sum += plainly(table, at);
          while ((want.length + 1) * gap < sum) want.push(at);
        }
        const found: number[] = [];
        for (let at = next(); at !== Infinity; at = next()) found.push(at);
        assert.deepEqual(found, want);
      }),
    );
  });

  it('same on every version of Node: the first times of a seed', () => {
    const spec = exogenousSpec.parse({ arrivals: { time: { curve: 'daily' }, bursts: {} } });
    const [source] = exogenousOf(spec, city(app('shop', { east: 100 })), options({ seed: 42 }), {}).sources;
    assert.deepEqual(
      Array.from({ length: 6 }, () => source?.next()),
      [66408, 101398, 269426, 299368, 337235, 395533],
    );
  });
});

describe('readTraces', () => {
  it('reads nothing for a spec that asks for nothing', () => {
    assert.deepEqual(readTraces(exogenousSpec.parse({}), new DataFolder('/nowhere')), {});
  });

  it('reads what is shipped without a data folder', () => {
    const spec = exogenousSpec.parse({
      arrivals: { time: { curve: 'azure-functions' } },
      mobility: { model: 'taxis' },
      radio: { profile: 'driving' },
      work: { payload: { law: 'frames' } },
    });
    const traces = readTraces(spec, new DataFolder());
    assert.deepEqual(Object.keys(traces).sort(), ['air', 'frames', 'minutes', 'tracks']);
    const made = exogenousOf(spec, city(app('shop', { east: 50, west: 5 })), options(), traces);
    assert.ok(Number.isInteger(made.sources[0]?.next()));
  });

  it('says which set is missing', () => {
    for (const [spec, set] of [
      [{ arrivals: { time: { curve: 'worldcup98' } } }, /arrivals-worldcup98/],
      [{ arrivals: { gaps: 'genai-alibaba' } }, /arrivals-genai-alibaba/],
      [{ mobility: { model: 'taxis', set: 'mobility-sf-cabspotting' } }, /mobility-sf-cabspotting/],
      [{ radio: { profile: 'recorded', set: 'PD-Wireless-5G-4a' } }, /net-5g-latency-deterministic6g/],
      [{ work: { payload: { law: 'frames', set: 'mc_10mbps_30fps' } } }, /xr-vr-traffic-lecci/],
    ] as const)
      assert.throws(() => readTraces(exogenousSpec.parse(spec), new DataFolder()), set);
  });
});
