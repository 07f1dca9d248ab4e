import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Encoder } from '#memory/encoders/encoder.ts';
import { queryVector } from '#memory/encoders/query.ts';
import { traceDagOf, presentNodes } from '#memory/trace/deployment.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { dagFeatures } from '#memory/retrieval/dag-features.ts';
import { expectationOf } from '#memory/retrieval/expectation.ts';
import type { Situation } from '#memory/retrieval/situation.ts';
import { Random } from '#learning/random.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { snapshotOf } from '#world/snapshot.ts';
import type { Snapshot } from '#world/snapshot.ts';
import { expand } from '#simulator/scenario/read.ts';
import type { SceneOptions } from './simulate.ts';

/** A deployment that was simulated: the trace of it, and the world it was planned in. */
export interface Deployment {
  readonly trace: Trace;
  /** Index into the day's worlds. */
  readonly world: number;
}

/** One simulated day of one city. */
export interface Day {
  readonly options: SceneOptions;
  readonly worlds: readonly Objects[];
  readonly deployments: readonly Deployment[];
}

/** Changes when what is kept of a day changes. */
const FORMAT = 1;
const ORCHESTRATORS = ['search', 'greedy', 'default-scheduler', 'heft'];
const LOADS = [0.5, 0.65, 0.8, 0.95, 1.1];
const SECONDS = 31;

/**
 * What happens in a city on a day: orchestrator and load are drawn from the numbers of both, so that no two days of a city need be
 * alike and every list of days is the same in every run.
 */
export function dayOptions(scenario: string, city: number, day: number, dataFolder?: string): SceneOptions {
  const random = new Random(city).split(`${scenario}/day/${day}`);
  return {
    scenario,
    city,
    day,
    orchestrator: ORCHESTRATORS[random.whole(ORCHESTRATORS.length)] ?? 'search',
    load: LOADS[random.whole(LOADS.length)] ?? 1,
    seconds: SECONDS,
    dataFolder,
  };
}

/** The day, from `cache` when it was simulated before with the same scenario and encoder. Throws `InputError` when data is missing. */
export async function dayOf(options: SceneOptions, encoder: Encoder, cache: string): Promise<Day> {
  // Where the data lies says nothing about the day.
  const { dataFolder: _folder, ...identity } = options;
  const digest = createHash('sha256')
    .update(JSON.stringify([FORMAT, identity, expand(options.scenario)[0]?.digest, encoder.version]))
    .digest('hex')
    .slice(0, 24);
  const path = join(cache, `${digest}.gz`);
  if (existsSync(path)) return { options, ...(deserialize(gunzipSync(readFileSync(path))) as Kept) };
  const { simulateScene } = await import('./simulate.ts');
  const { worlds, looked } = await simulateScene(options);
  const deployments: Deployment[] = [];
  for (const { world, features, content } of looked) {
    const { vector } = await encoder.encode(features);
    const query = queryVector(vector, content.slice, content.policy);
    deployments.push({
      trace: sealTrace(content, { encoderVersion: encoder.version, vector: query }),
      world,
    });
  }
  const kept: Kept = { worlds, deployments };
  mkdirSync(cache, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, gzipSync(serialize(kept), { level: 1 }));
  renameSync(`${path}.${process.pid}`, path);
  return { options, ...kept };
}

type Kept = Omit<Day, 'options'>;

/** What memory is asked about a deployment, before its outcome is known: the world at that look, where its replicas are, and what the world model expects of them. */
export function situationOf(day: Day, { trace, world }: Deployment, snapshot: Snapshot): Situation {
  const dag = day.worlds[world]?.dags.find((one) => keyOf(one) === trace.dag.name);
  if (dag === undefined) throw new RangeError(`no DAG ${trace.dag.name} in world ${world}`);
  const placed = new Map<string, string>();
  for (const p of trace.map.placements) if (!placed.has(p.service)) placed.set(p.service, p.node);
  const replicas = new Map(trace.dag.services.map((s) => [s.name, s.replicas]));
  return {
    dag: traceDagOf(dag, replicas),
    vector: trace.vector,
    nodes: presentNodes(snapshot, dag),
    placed,
    expected: expectationOf(trace, dagFeatures(trace.dag)),
    nowMs: trace.createdMs,
  };
}

/** Snapshots of a day's worlds, each made once. */
export function snapshotsOf(day: Day): (world: number) => Snapshot {
  const made = new Map<number, Snapshot>();
  return (world) => {
    const known = made.get(world);
    if (known !== undefined) return known;
    const objects = day.worlds[world];
    if (objects === undefined) throw new RangeError(`the day has no world ${world}`);
    const snapshot = snapshotOf(objects);
    made.set(world, snapshot);
    return snapshot;
  };
}
