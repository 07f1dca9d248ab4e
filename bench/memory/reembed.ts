import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contexts } from '#memory/context/contexts.ts';
import { look, reembedWith } from '#memory/context/re-embed.ts';
import { Encoder, SHIPPED } from '#memory/encoders/encoder.ts';
import { featuresOf } from '#memory/encoders/features/features.ts';
import type { Features } from '#memory/encoders/features/features.ts';
import { positionsOf } from '#memory/encoders/features/heat-maps.ts';
import { DIMENSION } from '#memory/encoders/network/encoder-network.ts';
import { fitNormalisers } from '#memory/encoders/network/pack.ts';
import { TAG, queryVector } from '#memory/encoders/query.ts';
import { freshWeights } from '#memory/encoders/test-situations.ts';
import { openEmbedded } from '#memory/store/embedded/embedded-store.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { cosine } from '#memory/trace/vector.ts';
import { keyOf } from '#world/objects.ts';
import { snapshotsOf } from '../../bin/memory-scenes/scenes.ts';
import type { Day } from '../../bin/memory-scenes/scenes.ts';
import { figure, mean, median, quantile } from '../report.ts';
import type { Figure } from '../report.ts';
import { say } from './say.ts';
import { daysOf, scenarios } from './scenes.ts';

/** Days whose deployments are kept: one city's. */
const DAYS = 6;
const NEAREST = 10;
/** Batches that are put to see how quickly that goes, and traces in each: the few there are, over and over. */
const BATCHES = 12;
const BATCH = 5_000;

interface Seen {
  readonly trace: Trace;
  readonly features: Features;
}

/** What contexts cost on disk, and how quickly a memory is embedded again by an encoder of other weights. */
export async function reembed(): Promise<Figure[]> {
  const [scenario = 'S3'] = scenarios();
  const seen = (await daysOf(scenario, 1)).slice(0, DAYS).flatMap(seenOn);
  const first = await Encoder.open(SHIPPED);
  const second = new Encoder(freshWeights(1), fitNormalisers(seen.slice(0, 50).map((s) => s.features)));
  const spaceOf = ({ version }: Encoder) => ({ dimension: DIMENSION + 2 * TAG, encoderVersion: version });
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-bench-reembed-'));
  const figures: Figure[] = [];
  const name = `memory.reembed.${scenario}`;
  try {
    say(`${scenario}: ${seen.length} traces with contexts`);
    const contexts = new Contexts();
    const scenes = new Set<Uint8Array>();
    const traces: Trace[] = [];
    const agree: number[] = [];
    for (const { trace, features } of seen) {
      const looked = await look(first, contexts, features, trace);
      scenes.add(looked.context.scene);
      const exact = queryVector((await first.encode(features)).vector, trace.slice, trace.policy);
      agree.push(cosine(exact, looked.vector));
      const { id: _id, encoderVersion, vector: _vector, ...content } = trace;
      traces.push(sealTrace(content, { encoderVersion, ...looked }));
    }
    const path = join(folder, 'with.db');
    for (const [word, list] of [
      ['without', traces.map(({ context: _context, ...rest }) => rest)],
      ['with', traces],
    ] as const) {
      const store = await openEmbedded({ path: join(folder, `${word}.db`), space: spaceOf(first) });
      await store.put(list);
      await store.close();
      const again = await openEmbedded({ path: join(folder, `${word}.db`), readOnly: true });
      const { diskBytes } = await again.stats();
      await again.close();
      const goal = word === 'with' ? '<= 3072' : '';
      figures.push(
        figure(`${name}.disk.${word}-context`, diskBytes / traces.length, 'bytes/trace', goal, traces.length),
        ...(await inserts(`${name}.insert.${word}-context`, join(folder, `${word}-many.db`), list)),
      );
    }
    figures.push(
      figure(`${name}.own`, mean(traces.map((t) => t.context?.own.length ?? 0)), 'bytes', '', traces.length),
      figure(`${name}.scene`, mean([...scenes].map((s) => s.length)), 'bytes', '', scenes.size),
      figure(`${name}.traces-a-scene`, traces.length / scenes.size, '', '', scenes.size),
      // What 16 bits cost: cosine between the vector of the features and that of what is kept of them.
      figure(`${name}.cosine.least`, Math.min(...agree), '', '>= 0.999', agree.length),
    );

    say('embedded again');
    const started = performance.now();
    const store = await openEmbedded({ path, space: spaceOf(second), reembed: reembedWith(second) });
    figures.push(figure(`${name}.opened`, performance.now() - started, 'ms', '', 1));
    let busy = true;
    const settled = store.settled().finally(() => (busy = false));
    const filter = { tenant: traces[0]?.tenant ?? '', encoderVersion: second.version };
    const query = await second.encode(seen[0]?.features as Features);
    const asked = queryVector(query.vector, 'xr', 'Search');
    const during: number[] = [];
    while (isTrue(busy)) {
      const from = performance.now();
      await store.knn(asked, NEAREST, filter);
      during.push(performance.now() - from);
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
    await settled;
    const seconds = (performance.now() - started) / 1000;
    const { stale } = await store.stats();
    await store.close();
    figures.push(
      figure(`${name}.rate`, traces.length / seconds, 'traces/s', '', traces.length),
      figure(`${name}.search-meanwhile.p50`, median(during), 'ms', '', during.length),
      figure(`${name}.search-meanwhile.p99`, quantile(during, 0.99), 'ms', '', during.length),
      figure(`${name}.stale`, stale, 'traces', '<= 0', traces.length),
    );
  } finally {
    rmSync(folder, { recursive: true });
    await first.close();
    await second.close();
  }
  return figures;
}

/** Traces a second in batches, and milliseconds of a durable one. */
async function inserts(name: string, path: string, traces: readonly Trace[]): Promise<Figure[]> {
  const [{ vector, encoderVersion }] = traces as [Trace];
  const copy = (trace: Trace, n: number): Trace => {
    return { ...trace, window: n, id: createHash('sha256').update(`${n} ${trace.id}`).digest('hex') };
  };
  const store = await openEmbedded({ path, space: { dimension: vector.length, encoderVersion } });
  const rates: number[] = [];
  for (let n = 0; n < BATCHES; n++) {
    const batch = Array.from({ length: BATCH }, (_, i) =>
      copy(traces[i % traces.length] as Trace, n * BATCH + i),
    );
    const started = performance.now();
    await store.put(batch);
    rates.push((1000 * batch.length) / (performance.now() - started));
  }
  const single: number[] = [];
  for (const trace of traces.slice(0, 200)) {
    const started = performance.now();
    await store.put([copy(trace, BATCHES * BATCH)]);
    single.push(performance.now() - started);
  }
  await store.close();
  return [
    figure(`${name}.batch`, median(rates), 'traces/s', '>= 20000', rates.length),
    figure(`${name}.durable.p50`, median(single), 'ms', '<= 1', single.length),
  ];
}

/** Deployments of a day with what an encoder sees of them, without telemetry, as a planner does. */
function seenOn(day: Day): Seen[] {
  const snapshotAt = snapshotsOf(day);
  return day.deployments.flatMap(({ trace, world }): Seen[] => {
    const objects = day.worlds[world];
    const dag = objects?.dags.find((one) => keyOf(one) === trace.dag.name);
    if (objects === undefined || dag === undefined) return [];
    const positions = positionsOf(objects.nodes);
    const features = featuresOf({
      snapshot: snapshotAt(world),
      dag,
      dags: objects.dags,
      telemetry: [],
      positions,
    });
    return [{ trace, features }];
  });
}

/** For the compiler: the value changes behind its back. */
function isTrue(value: boolean): boolean {
  return value;
}
