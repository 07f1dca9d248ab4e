import assert from 'node:assert/strict';
import { hurried } from '#kube/clock.ts';
import { FakePlanner } from '../../fake-planner.ts';
import { TraceReporter } from './reporter.ts';
import type { TraceBody } from './trace.ts';

const bodyOf = (window: number): TraceBody => ({
  dag: 'default/app',
  objects: { nodes: [], regions: [], dags: [], nowMs: 0 },
  decision: {},
  window,
  policy: 'Search',
  outcome: {},
});

describe('telling the planner what plans came to', () => {
  let planner: FakePlanner;
  let reporter: TraceReporter;
  let stop: AbortController;
  let ended: Promise<void>;
  beforeEach(async () => {
    planner = await FakePlanner.start();
    stop = new AbortController();
    reporter = new TraceReporter({ plannerUrl: planner.url, clock: hurried(1_000) });
  });
  const run = (): void => void (ended = reporter.run(stop.signal));
  afterEach(async () => {
    stop.abort();
    await ended;
    await planner.stop();
  });

  it('sends one at a time, in order, and says what became of each', async () => {
    run();
    const told = await Promise.all([1, 2, 3].map((window) => reporter.offer(bodyOf(window))));
    assert.deepEqual(
      planner.traces.map(({ body }) => body['window']),
      [1, 2, 3],
    );
    assert.deepEqual(told[0], { result: 'Stored', id: 'f'.repeat(64) });
    assert.equal(planner.traces[0]?.authorization, undefined);
  });

  it('does not insist where it is refused', async () => {
    run();
    planner.tracesStatus = 403;
    const told = await reporter.offer(bodyOf(1));
    assert.equal(told.result, 'Refused');
    assert.equal(planner.traces.length, 1);
  });

  it('tries again while the planner is away, and gives up', async () => {
    run();
    planner.tracesStatus = 503;
    const told = await reporter.offer(bodyOf(1));
    assert.equal(told.result, 'Dropped');
    assert.equal(planner.traces.length, 5);
    await planner.stop();
    assert.equal((await reporter.offer(bodyOf(2))).result, 'Dropped');
    planner = await FakePlanner.start();
  });

  it('keeps no more than sixteen waiting: the oldest is dropped', async () => {
    const offers = Array.from({ length: 20 }, (_, i) => reporter.offer(bodyOf(i)));
    run();
    const told = await Promise.all(offers);
    assert.deepEqual(
      told.map(({ result }) => result),
      [...Array(4).fill('Dropped'), ...Array(16).fill('Stored')],
    );
  });
});
