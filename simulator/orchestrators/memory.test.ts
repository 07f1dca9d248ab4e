import assert from 'node:assert/strict';
import { instanceOf } from '#world/instance.ts';
import { Evaluator } from '#world/evaluator.ts';
import { prepare } from '../evaluate/run-job.ts';
import type { Observation, Placement } from '../orchestrator.ts';
import { runOnce } from '../run.ts';
import { expand } from '../scenario/read.ts';
import { observe, smallCity } from './given.ts';
import { Ladder } from './ladder.ts';
import { RunMemory } from './memory.ts';
import { orchestratorOf } from './orchestrators.ts';
import { recipeOf } from './recipe.ts';

const SECOND = 1e6;
const city = smallCity(3);

/** Plans a small city and lives through a window of `periods`; the placements of the last look are those of `now`. */
async function lived(
  memory: RunMemory,
  periods = 5,
  now: (placements: readonly Placement[]) => readonly Placement[] = (placements) => placements,
): Promise<{ placements: readonly Placement[]; end: Observation }> {
  const ladder = new Ladder(recipeOf('search:memory'), memory);
  const placements = await ladder.plan(observe(city));
  for (let i = 1; i < periods; i++) ladder.act(observe(city, { atMicros: i * SECOND, placements }));
  const end = observe(city, { atMicros: periods * SECOND, placements: now(placements) });
  await ladder.plan(end);
  return { placements, end };
}

describe('the memory of a run', () => {
  it('holds what each DAG came to after a window, as it ran', async () => {
    const memory = new RunMemory();
    const { placements, end } = await lived(memory);
    assert.equal((await memory.stats()).traces, 3);
    const [dag] = end.objects.dags;
    const recalled = await memory.recallIn(end)(end.snapshot, dag!);
    assert.equal(recalled.without, undefined);
    assert.equal(recalled.traces.length, 3);
    // Asked again in the same world, the best is what runs.
    const instance = instanceOf(end.snapshot, dag!);
    const [first] = recalled.candidates(new Evaluator(instance, 'utility'));
    assert.equal(first?.source, 'Memory');
    assert.deepEqual(
      [...first.assign].map((host) => end.snapshot.hosts[host]?.name),
      placements[0]?.replicas.map(({ node }) => node),
    );
  }).timeout(20_000);

  it('knows nothing before the first window is over, and says so', async () => {
    const memory = new RunMemory();
    const start = observe(city);
    const { traces, without } = await memory.recallIn(start)(start.snapshot, start.objects.dags[0]!);
    assert.deepEqual(traces, []);
    assert.match(without ?? '', /knows no tenant/);
  }).timeout(20_000);

  it('leaves out what was moved within the window', async () => {
    const memory = new RunMemory();
    await lived(memory, 5, ([first, ...rest]) => [
      { ...first!, replicas: first!.replicas.map((r) => ({ ...r, node: 'west-2' })) },
      ...rest,
    ]);
    assert.equal((await memory.stats()).traces, 2);
  }).timeout(20_000);

  it('keeps aside what the world model cannot explain', async () => {
    const memory = new RunMemory();
    const slow = (observation: Observation): Observation => ({
      ...observation,
      dags: observation.dags.map((one, d) =>
        d === 0 ? { ...one, meanLatencyMicros: 500_000, p95LatencyMicros: 600_000 } : one,
      ),
    });
    const ladder = new Ladder(recipeOf('search:memory'), memory);
    const placements = await ladder.plan(observe(city));
    for (let i = 1; i < 5; i++) ladder.act(slow(observe(city, { atMicros: i * SECOND, placements })));
    await ladder.plan(slow(observe(city, { atMicros: 5 * SECOND, placements })));
    assert.equal((await memory.stats()).traces, 2);
    assert.equal(memory.quarantined, 1);
  }).timeout(20_000);

  it('makes a run no less repeatable', async () => {
    const [found] = expand('S3');
    assert.ok(found !== undefined);
    const job = {
      source: 'S3',
      scenario: 'S3',
      scenarioDigest: found.digest,
      orchestrator: 'search:memory,tenth',
      seed: 3,
      replication: 0,
    };
    const digests = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const { city, fate, settings } = prepare(job);
      const short = { ...settings, untilMicros: 8 * SECOND, warmupMicros: SECOND, windowMicros: 3 * SECOND };
      await runOnce(city, fate, orchestratorOf(job.orchestrator), short, {
        digest: (hex) => digests.add(hex),
      });
    }
    assert.equal(digests.size, 1);
  }).timeout(60_000);
});
