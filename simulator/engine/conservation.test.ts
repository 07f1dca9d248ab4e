import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dag, node, region, service } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import type { Disruption } from '../exogenous.ts';
import type { Placement } from '../orchestrator.ts';
import { placeGated } from './agents.ts';
import { Telemetry } from './observation.ts';
import { cityOf, fateOf, placementOf, settingsOf } from './given.ts';
import type { Outcome } from './recorder.ts';
import { Simulation } from './simulation.ts';

const NODES = ['a', 'b', 'c', 'x', 'y'];

/** Two regions, a diamond with a join, calls that repeat or may be left out, links that lose. */
const ITEMS: readonly Item[] = [
  ...['a', 'b', 'c'].map((name) => node(name, { cpu: '3' })),
  ...['x', 'y'].map((name) => node(name, { region: 's', cpu: '3' })),
  region('r', {
    attachment: { latency: '300us', bandwidth: '50M' },
    links: [{ from: 'r', to: 's', latency: '2ms', bandwidth: '20M', success: '0.99', jitter: '300us' }],
    bands: [{ name: 'mmWave', latency: '700us', bandwidth: '100M' }],
  }),
  region('s', { attachment: { latency: '200us', bandwidth: '50M' } }),
  dag('d', {
    ingress: [
      { region: 'r', band: 'mmWave', payload: '10k', requestsPerSecond: '40' },
      { region: 's', payload: '2k', requestsPerSecond: '40' },
    ],
    microservices: [
      service('in', { work: '5M' }),
      service('left', { work: '4M', replicas: 2 }),
      service('right', { work: '8M' }),
      service('out', { work: '3M', replicas: 2 }),
    ],
    edges: [
      { from: 'in', to: 'left', payload: '4k', callsPerRequest: '1.5' },
      { from: 'in', to: 'right', payload: '20k', callsPerRequest: '0.6' },
      { from: 'left', to: 'out', payload: '4k', sync: true },
      { from: 'right', to: 'out', payload: '9k', sync: true },
    ],
  }),
];

const city = cityOf(ITEMS);
const when = fc.integer({ min: 1, max: 3_900_000 });
const up = fc.boolean();
const disruption = fc.oneof<fc.Arbitrary<Disruption>[]>(
  fc.record({ kind: fc.constant('node' as const), atMicros: when, node: fc.constantFrom(...NODES), up }),
  fc.record({
    kind: fc.constant('link' as const),
    atMicros: when,
    from: fc.constant('r'),
    to: fc.constant('s'),
    up,
  }),
  fc.record({ kind: fc.constant('region' as const), atMicros: when, region: fc.constantFrom('r', 's'), up }),
  fc.record({
    kind: fc.constant('speed' as const),
    atMicros: when,
    node: fc.constantFrom(...NODES),
    factor: fc.double({ min: 0.05, max: 3, noNaN: true }),
  }),
);
const somewhere = fc.constantFrom(...NODES);
const placement = fc
  .record({
    in: somewhere,
    left: fc.tuple(somewhere, somewhere),
    right: somewhere,
    out: fc.tuple(somewhere, somewhere),
  })
  .map((where) => placementOf('d', where));
const move = fc.record({ at: fc.integer({ min: 0, max: 39 }), to: placement });

interface Run {
  readonly outcomes: Map<number, Outcome>;
  readonly simulation: Simulation;
  readonly arrived: number;
}

/** Runs 4 s with those disruptions and moves; a move that is impossible then is refused and leaves all as it was. */
function run(
  disruptions: readonly Disruption[],
  moves: readonly { at: number; to: Placement }[],
  rate: number,
): Run {
  const settings = settingsOf({
    untilMicros: 4_000_000,
    patienceMicros: 700_000,
    detectionMicros: 150_000,
    coldStart: { imageMicros: 90_000, startMicros: 40_000 },
  });
  const fate = fateOf(city, { rate, disruptions, random: true, radioLoss: 0.02 });
  const outcomes = new Map<number, Outcome>();
  const simulation = new Simulation(city, fate, settings, {
    request: ({ request, outcome, latencyMicros, queueMicros, transferMicros }) => {
      assert.ok(!outcomes.has(request), `request ${request} ended twice`);
      assert.ok(latencyMicros >= 0 && latencyMicros <= settings.patienceMicros);
      assert.ok(queueMicros >= -1e-6 && transferMicros >= -1e-6);
      outcomes.set(request, outcome);
    },
  });
  const telemetry = new Telemetry(simulation, fate.sources, settings.windowMicros, 1);
  const apply = (to: Placement): void => {
    const before = JSON.stringify(simulation.fleet.all().map(({ id, state }) => [id, state]));
    try {
      simulation.apply([to]);
    } catch (error) {
      assert.equal((error as Error).name, 'ImpossiblePlacement');
      assert.equal(JSON.stringify(simulation.fleet.all().map(({ id, state }) => [id, state])), before);
    }
  };
  apply(placementOf('d', { in: 'a', left: ['a', 'b'], right: 'c', out: ['x', 'y'] }));
  for (let tick = 0; tick < 40; tick++) {
    simulation.run((tick + 1) * 100_000);
    if ((simulation.detections[0] ?? Infinity) <= simulation.now) simulation.detect();
    for (const { at, to } of moves) if (at === tick) apply(to);
    placeGated(simulation.fleet, () => telemetry.objects());
    const { allocatable } = simulation.infrastructure.whole;
    for (const [at, used] of simulation.fleet.used.entries())
      assert.ok(used >= 0 && used <= (allocatable[at] ?? 0), `held ${used} of ${allocatable[at]}`);
  }
  const arrived = simulation.entered.reduce((a, b) => a + b, 0);
  simulation.drain();
  return { outcomes, simulation, arrived };
}

describe('conservation', () => {
  it('under any disruptions and moves every request ends once and everything returns', () => {
    const seen = new Set<Outcome>();
    fc.assert(
      fc.property(
        fc.array(disruption, { maxLength: 12 }),
        fc.array(move, { maxLength: 6 }),
        fc.constantFrom(20, 60, 150),
        (disruptions, moves, rate) => {
          const { outcomes, simulation, arrived } = run(disruptions, moves, rate);
          const totals = simulation.recorder.byDag[0];
          assert.ok(totals !== undefined);
          assert.equal(outcomes.size, arrived);
          assert.equal(totals.arrived, arrived);
          assert.equal(totals.completed + totals.lost + totals.expired + totals.refused, arrived);
          for (const outcome of outcomes.values()) seen.add(outcome);
          const { linksIdle, ...held } = simulation.rest;
          assert.deepEqual(held, { requests: 0, tokens: 0, pending: 0, queued: 0 });
          assert.ok(linksIdle);
          for (const replica of simulation.fleet.all()) assert.ok(replica.state !== 'draining');
        },
      ),
      { numRuns: 150, seed: 4 },
    );
    assert.deepEqual([...seen].toSorted(), ['completed', 'expired', 'lost', 'refused']);
  });

  it('what replicas hold is the sum over those that are there', () => {
    const { simulation } = run(
      [],
      [{ at: 5, to: placementOf('d', { in: 'b', left: ['x', 'b'], right: 'y', out: ['a', 'c'] }) }],
      60,
    );
    const sum = new Float64Array(simulation.fleet.used.length);
    for (const {
      service: { request },
      host,
    } of simulation.fleet.all())
      for (const [r, amount] of request.entries())
        sum[host * request.length + r] = (sum[host * request.length + r] ?? 0) + amount;
    assert.deepEqual(simulation.fleet.used, sum);
    assert.equal(simulation.fleet.all().length, 6);
    assert.equal(simulation.fleet.moves, 5);
  });
});
