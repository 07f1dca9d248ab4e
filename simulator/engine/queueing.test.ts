import assert from 'node:assert/strict';
import { queueWait } from '#world/queueing.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import { runOnce } from '../run.ts';
import { EventQueue } from './event-queue.ts';
import { cityOf, fateOf, fixed, placementOf, settingsOf } from './given.ts';
import { exponential, stream } from './random.ts';
import { Station } from './station.ts';

const BATCHES = 25;

/** Mean of a series and half its 99.9 % confidence interval by batch means (Student t, 24 degrees of freedom). */
function estimate(values: readonly number[]): { mean: number; half: number } {
  const size = Math.floor(values.length / BATCHES);
  const means = Array.from({ length: BATCHES }, (_, b) => {
    const batch = values.slice(b * size, (b + 1) * size);
    return batch.reduce((a, v) => a + v, 0) / size;
  });
  const mean = means.reduce((a, b) => a + b, 0) / BATCHES;
  const variance = means.reduce((a, m) => a + (m - mean) ** 2, 0) / (BATCHES - 1);
  return { mean, half: 3.745 * Math.sqrt(variance / BATCHES) };
}

function within(what: string, values: readonly number[], expected: number): void {
  const { mean, half } = estimate(values);
  // An interval that is wide proves nothing.
  assert.ok(half < 0.12 * expected, `${what}: ${mean} ± ${half} is too wide`);
  assert.ok(Math.abs(mean - expected) <= half, `${what}: ${mean} ± ${half}, theory says ${expected}`);
}

/** Waits at stations one after the other, each with exponential service times: Poisson arrivals at the first. */
function waits(rate: number, meanService: number, servers: readonly number[], jobs: number): number[][] {
  const draw = stream(11, `mm${servers.join('-')}`);
  const queue = new EventQueue();
  const stations = servers.map((count) => new Station(count));
  const found: number[][] = servers.map(() => []);
  /** Exact time at which each job reaches the station it goes to next. */
  const at = new Float64Array(jobs);
  let arrival = 0;
  queue.schedule(0, 0, 0);
  while (queue.pop()) {
    const { what: job, rank: place } = queue;
    const station = stations[place];
    if (station === undefined) continue;
    if (place === 0 && job + 1 < jobs) {
      arrival += exponential(draw(), 1e6 / rate);
      at[job + 1] = arrival;
      queue.schedule(Math.round(arrival), 0, job + 1);
    }
    const reached = at[job] ?? 0;
    const begin = station.begin(reached);
    const end = begin + exponential(draw(), meanService);
    station.hold(end);
    found[place]?.push(begin - reached);
    at[job] = end;
    if (place + 1 < servers.length) queue.schedule(Math.round(end), place + 1, job);
  }
  return found.map((series) => series.slice(jobs / 20));
}

describe('queues against theory', () => {
  const cases = [
    { name: 'M/M/1 at 50 %', rate: 50, servers: 1, jobs: 150_000 },
    { name: 'M/M/1 at 80 %', rate: 80, servers: 1, jobs: 600_000 },
    { name: 'M/M/3 at 80 %', rate: 240, servers: 3, jobs: 600_000 },
    { name: 'M/M/8 at 70 %', rate: 560, servers: 8, jobs: 400_000 },
  ];
  for (const { name, rate, servers, jobs } of cases) {
    it(`${name}: the mean wait is Erlang's`, () => {
      const [series = []] = waits(rate, 10_000, [servers], jobs);
      within(name, series, queueWait(rate, 10_000, servers));
    });
  }

  it('tandem: the second station sees Poisson arrivals (Burke)', () => {
    const [first = [], second = []] = waits(120, 10_000, [2, 3], 300_000);
    within('first', first, queueWait(120, 10_000, 2));
    within('second', second, queueWait(120, 10_000, 3));
  });

  it('replicas of the full model are M/M/1 queues, also one after the other', async () => {
    const city = cityOf([
      node('a'),
      node('b'),
      region('r', { attachment: { latency: '100us', bandwidth: '100G' } }),
      dag('d', {
        ingress: [{ region: 'r', requestsPerSecond: '70' }],
        microservices: [service('front', { work: '10M' }), service('back', { work: '8M' })],
        edges: [{ from: 'front', to: 'back', payload: '1k' }],
      }),
    ]);
    const queues: number[] = [];
    const settings = settingsOf({
      untilMicros: 5_000_000_000,
      warmupMicros: 100_000_000,
      patienceMicros: 60_000_000,
    });
    const result = await runOnce(
      city,
      fateOf(city, { rate: 70, random: true }),
      fixed([placementOf('d', { front: 'a', back: 'b' })]),
      settings,
      { request: (r) => queues.push(r.queueMicros) },
    );
    within('both queues', queues, queueWait(70, 10_000) + queueWait(70, 8_000));
    assert.equal(result.total.arrived, result.total.completed);
    const [a = 0, b = 0] = result.nodeUtilisation;
    assert.ok(Math.abs(a * 4 - 0.7) < 0.01 && Math.abs(b * 4 - 0.56) < 0.01, `busy ${a * 4} and ${b * 4}`);
  });
});
