import assert from 'node:assert/strict';
import { decide } from '#agents/decide.ts';
import { search } from '#agents/policy.ts';
import type { Policy } from '#agents/policy.ts';
import type { Decision, Sight } from '#agents/decision.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import type { Disruption } from '../exogenous.ts';
import type { Placement } from '../orchestrator.ts';
import type { RunSettings } from '../settings.ts';
import { placeGated, sightOf } from './agents.ts';
import { cityOf, fateOf, placementOf, settingsOf } from './given.ts';
import { Telemetry } from './observation.ts';
import type { RequestRecord } from './recorder.ts';
import { Simulation } from './simulation.ts';

const SECOND = 1_000_000;

/** Three nodes of 2 CPU, two graphs of one service each; `big` takes a whole node. */
const ITEMS: readonly Item[] = [
  ...['a', 'b', 'c'].map((name) => node(name, { cpu: '2' })),
  region('r', { attachment: { latency: '100us', bandwidth: '1G' } }),
  dag('d', {
    ingress: [{ region: 'r', requestsPerSecond: '100' }],
    microservices: [service('m', { work: '1M', max: 3 })],
  }),
  dag('big', { microservices: [service('m', { work: '1M', cpu: '2', max: 2 })] }),
];

interface Given {
  readonly at?: readonly number[];
  readonly disruptions?: readonly Disruption[];
  readonly settings?: Partial<RunSettings>;
  readonly items?: readonly Item[];
}

function given({ at, disruptions = [], settings: over = {}, items = ITEMS }: Given = {}): {
  simulation: Simulation;
  records: RequestRecord[];
  telemetry: Telemetry;
  states: (name: string) => string[];
} {
  const city = cityOf(items);
  const records: RequestRecord[] = [];
  const settings = settingsOf({ coldStart: { imageMicros: SECOND, startMicros: SECOND }, ...over });
  const fate = fateOf(city, { rate: 100, disruptions, ...(at === undefined ? {} : { at }) });
  const simulation = new Simulation(city, fate, settings, { request: (r) => records.push(r) });
  const telemetry = new Telemetry(simulation, fate.sources, settings.windowMicros, 1);
  const states = (name: string): string[] =>
    simulation.fleet
      .all()
      .filter((replica) => simulation.applications[replica.service.application]?.key === `default/${name}`)
      .map((replica) => `${replica.node} ${replica.state}`)
      .toSorted();
  return { simulation, records, telemetry, states };
}

describe('replicas', () => {
  it('start warm at the beginning; a move makes before it breaks and costs a cold start', () => {
    const { simulation, records, states } = given();
    simulation.apply([placementOf('d', { m: 'a' })]);
    assert.deepEqual(states('d'), ['a ready']);
    simulation.run(SECOND);
    simulation.apply([placementOf('d', { m: 'b' })]);
    assert.deepEqual(states('d'), ['a retiring', 'b starting']);
    simulation.run(3 * SECOND - 1);
    assert.deepEqual(states('d'), ['a retiring', 'b starting']);
    // Back where the image is, it takes the start alone.
    simulation.run(4 * SECOND);
    assert.deepEqual(states('d'), ['b ready']);
    simulation.apply([placementOf('d', { m: 'a' })]);
    simulation.run(5 * SECOND + 100_000);
    assert.deepEqual(states('d'), ['a ready']);
    assert.equal(simulation.fleet.moves, 2);
    simulation.run(10 * SECOND);
    simulation.drain();
    assert.ok(records.length > 800 && records.every(({ outcome }) => outcome === 'completed'));
  });

  it('that want each other’s full node go one after the other, and no node ever holds more than it has', () => {
    const { simulation, states } = given();
    simulation.apply([placementOf('big', { m: 'a' }), placementOf('d', { m: ['b', 'b'] })]);
    simulation.run(SECOND);
    simulation.apply([placementOf('big', { m: 'b' }), placementOf('d', { m: ['a', 'a'] })]);
    for (let tick = 10; tick < 100; tick++) {
      simulation.run((tick + 1) * 100_000);
      const { allocatable } = simulation.infrastructure.whole;
      assert.ok(simulation.fleet.used.every((used, at) => used <= (allocatable[at] ?? 0)));
    }
    assert.deepEqual([...states('big'), ...states('d')], ['b ready', 'a ready', 'a ready']);
  });

  const impossible: Record<string, [Placement, RegExp]> = {
    'more than a node has': [
      placementOf('d', { m: ['a', 'a', 'a'] }),
      /put 3000 of cpu on node a, which has 2000/,
    ],
    'an unknown DAG': [placementOf('z', {}), /"default\/z"/],
    'an unknown microservice': [placementOf('d', { z: 'a' }), /no microservice "z"/],
    'an unknown node': [placementOf('d', { m: 'z' }), /no node "z"/],
    'more than replicas.max': [placementOf('d', { m: ['a', 'a', 'b', 'b'] }), /replicas.max allows 3/],
  };
  for (const [name, [placement, message]] of Object.entries(impossible))
    it(`refuses ${name} and changes nothing`, () => {
      const { simulation, states } = given();
      simulation.apply([placementOf('d', { m: 'b' })]);
      assert.throws(() => simulation.apply([placement]), message);
      assert.deepEqual(states('d'), ['b ready']);
    });

  it('that are lost go unnoticed, lose what comes, and are placed again by the code of the agents', () => {
    const { simulation, records, telemetry, states } = given({
      disruptions: [{ atMicros: 2 * SECOND, kind: 'node', node: 'a', up: false }],
    });
    simulation.apply([placementOf('d', { m: 'a' })]);
    simulation.run(2.4 * SECOND);
    const before = telemetry.observe();
    assert.deepEqual(states('d'), ['a lost']);
    assert.equal(before.snapshot.hosts[0]?.ready, true);
    assert.equal(before.snapshot.placed.get('default/d')?.length, 1);
    simulation.run(2.5 * SECOND);
    simulation.detect();
    const after = telemetry.observe();
    assert.deepEqual(after.changed, ['a']);
    assert.equal(after.snapshot.hosts[0]?.ready, false);
    assert.equal(after.objects.pods?.filter(({ spec }) => spec.nodeName === undefined).length, 1);
    const seen: { sight: Sight; decisions: readonly Decision[] }[] = [];
    const spy: Policy = {
      ...search,
      decide: (sight) => {
        const decisions = search.decide(sight);
        seen.push({ sight, decisions });
        return decisions;
      },
    };
    const decisions = placeGated(simulation.fleet, () => telemetry.objects(), spy);
    assert.deepEqual(decisions, decide(sightOf('r', after.objects)));
    assert.deepEqual(
      seen.map(({ sight }) => sight.region),
      ['r'],
    );
    assert.deepEqual(states('d'), ['b starting']);
    simulation.run(4.6 * SECOND);
    assert.deepEqual(states('d'), ['b ready']);
    simulation.run(10 * SECOND);
    simulation.drain();
    const during = (from: number, to: number): Set<string> =>
      new Set(
        records.filter((r) => r.arrivedMicros >= from && r.arrivedMicros < to).map(({ outcome }) => outcome),
      );
    assert.deepEqual(during(0, 1.9 * SECOND), new Set(['completed']));
    assert.deepEqual(during(2 * SECOND, 2.5 * SECOND), new Set(['lost']));
    assert.deepEqual(during(2.5 * SECOND + 1, 4.5 * SECOND), new Set(['refused']));
    assert.deepEqual(during(4.5 * SECOND + 1, 10 * SECOND), new Set(['completed']));
  });

  it('of a region that is down wait until it is back', () => {
    const { simulation, telemetry, states } = given({
      disruptions: [
        { atMicros: SECOND, kind: 'region', region: 'r', up: false },
        { atMicros: 4 * SECOND, kind: 'region', region: 'r', up: true },
      ],
    });
    simulation.apply([placementOf('d', { m: 'a' })]);
    for (let tick = 1; tick <= 16; tick++) {
      simulation.run(tick * 500_000);
      if ((simulation.detections[0] ?? Infinity) <= simulation.now) simulation.detect();
      placeGated(simulation.fleet, () => telemetry.objects());
      if (tick > 3 && tick < 9) assert.deepEqual([states('d'), simulation.fleet.gated.length], [[], 1]);
    }
    assert.deepEqual(states('d').length, 1);
    assert.match(states('d')[0] ?? '', /ready/);
  });

  it('work on at another speed from the moment it changes', () => {
    // Three jobs of 100 ms at once; at 150 ms the node goes to half its speed: the rest takes twice as long.
    const items = [
      ...ITEMS.slice(0, 4),
      dag('d', { ingress: [{ region: 'r' }], microservices: [service('m', { work: '100M' })] }),
    ];
    const { simulation, records } = given({
      items,
      at: [0, 0, 0],
      disruptions: [{ atMicros: 150_000, kind: 'speed', node: 'a', factor: 0.5 }],
    });
    simulation.apply([placementOf('d', { m: 'a' })]);
    simulation.run(SECOND);
    const ends = records.map((r) => Math.round(r.latencyMicros));
    assert.deepEqual(ends, [100_100, 250_200, 450_200]);
  });

  it('drop what cannot begin by the deadline, and give its time to the others', () => {
    const items = [
      ...ITEMS.slice(0, 4),
      dag('d', { ingress: [{ region: 'r' }], microservices: [service('m', { work: '100M' })] }),
    ];
    const { simulation, records } = given({
      items,
      at: [0, 0, 0, 0, 240_000],
      settings: { patienceMicros: 250_000 },
    });
    simulation.apply([placementOf('d', { m: 'a' })]);
    simulation.run(SECOND);
    assert.deepEqual(
      records.map((r) => [r.outcome, Math.round(r.latencyMicros)]),
      [
        ['completed', 100_100],
        ['completed', 200_100],
        ['expired', 250_000],
        ['expired', 250_000],
        ['completed', 110_000],
      ],
    );
  });
});
