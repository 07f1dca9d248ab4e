import assert from 'node:assert/strict';
import type { Disruption } from '#simulator/exogenous.ts';
import { exogenousOf } from './exogenous-of.ts';
import { exogenousSpec } from './schema.ts';
import { app, city, options } from './test-city.ts';

const SECOND = 1_000_000;

const fate = (failures: object, seed = 1, seconds = 600): readonly Disruption[] =>
  exogenousOf(
    exogenousSpec.parse({ failures }),
    city(app('shop', { east: 1 })),
    options({ seed, untilMicros: seconds * SECOND }),
    {},
  ).disruptions;

/** Every thing goes before it comes back, and never goes twice. */
function alternates(list: readonly Disruption[]): void {
  const down = new Set<string>();
  for (const change of list) {
    if (change.kind === 'speed') continue;
    const { atMicros: _, up, ...thing } = change;
    const key = JSON.stringify(thing);
    assert.equal(down.has(key), up, `${key} at ${change.atMicros}`);
    if (up) down.delete(key);
    else down.add(key);
  }
}

describe('failures', () => {
  it('none by default', () => {
    assert.deepEqual(fate({}), []);
  });

  it('scripted ones come in order of time; repairs after the end are left out', () => {
    const scripted = [
      { at: '590s', for: '20s', region: 'west' },
      { at: '10s', for: '5s', node: 'e1' },
      { at: '12s', link: { from: 'e1', to: 'e2' } },
    ];
    assert.deepEqual(fate({ scripted }), [
      { atMicros: 10 * SECOND, kind: 'node', node: 'e1', up: false },
      { atMicros: 12 * SECOND, kind: 'link', from: 'e1', to: 'e2', up: false },
      { atMicros: 15 * SECOND, kind: 'node', node: 'e1', up: true },
      { atMicros: 590 * SECOND, kind: 'region', region: 'west', up: false },
    ]);
  });

  it('overlapping failures of one node are one', () => {
    const scripted = [
      { at: '10s', for: '10s', node: 'e1' },
      { at: '15s', for: '10s', node: 'e1' },
    ];
    assert.deepEqual(
      fate({ scripted }).map((change) => change.atMicros / SECOND),
      [10, 25],
    );
  });

  it('an outage takes the share of the edge nodes that is said, and no cloud node', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const list = fate({ outages: [{ at: '20s', share: 0.25, for: '60s' }] }, seed);
      const names = list.flatMap((change) => (change.kind === 'node' && !change.up ? [change.node] : []));
      assert.equal(names.length, 2);
      for (const name of names) seen.add(name);
    }
    assert.deepEqual([...seen].sort(), ['e1', 'e2', 'e3', 'e4', 'w1', 'w2', 'w3', 'w4']);
  });

  it('random lives spend the share of time broken that their means say', () => {
    const seconds = 200_000;
    const list = fate({ random: { nodes: { mtbf: '90s', mttr: '10s' } } }, 1, seconds);
    alternates(list);
    const failed = list.filter((change) => change.kind === 'node' && !change.up).length;
    const expected = (8 * seconds) / 100;
    assert.ok(Math.abs(failed - expected) < 5 * Math.sqrt(expected), `${failed} failures`);
    let broken = 0;
    const since = new Map<string, number>();
    for (const change of list) {
      if (change.kind !== 'node') continue;
      if (change.up) broken += change.atMicros - (since.get(change.node) ?? 0);
      else since.set(change.node, change.atMicros);
    }
    const share = broken / SECOND / seconds / 8;
    assert.ok(Math.abs(share - 0.1) < 0.01, `${share}`);
  });

  it('all kinds together stay in order, and each thing alternates', () => {
    const lives = { mtbf: '60s', mttr: '30s' };
    const list = fate({
      random: { nodes: lives, links: lives, regions: lives },
      outages: [{ at: '20s', share: 1, for: '60s' }],
      scripted: [{ at: '5s', for: '30s', node: 'e2' }],
      drift: {},
    });
    alternates(list);
    assert.ok(
      list.every(({ atMicros }, i) => Number.isInteger(atMicros) && atMicros >= (list[i - 1]?.atMicros ?? 0)),
    );
    assert.deepEqual(new Set(list.map(({ kind }) => kind)), new Set(['node', 'link', 'region', 'speed']));
    assert.ok(!list.some((change) => change.kind === 'region' && change.region === 'cloud'));
  });

  it('speeds stay within their bounds and change at every step', () => {
    const list = fate({ drift: { every: '1s', deviation: 0.3, least: 0.6, most: 1.2 } });
    assert.equal(list.length, 9 * 599);
    const factors = list.flatMap((change) => (change.kind === 'speed' ? [change.factor] : []));
    assert.ok(Math.min(...factors) >= 0.6 - 1e-12 && Math.max(...factors) <= 1.2 + 1e-12);
    assert.ok(Math.min(...factors) < 0.65 && Math.max(...factors) > 1.15);
  });
});
