import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clustered } from '#memory/store/clustered.ts';
import { PARTS } from '#memory/retrieval/composite.ts';
import type { CompositeWeights } from '#memory/retrieval/composite.ts';
import { dagFeatures } from '#memory/retrieval/dag-features.ts';
import { expectationOf } from '#memory/retrieval/expectation.ts';
import { METRIC_ROWS } from '#memory/retrieval/metric.ts';
import { SET_MODEL } from '#memory/retrieval/ranking-model.ts';
import { retrieve } from '#memory/retrieval/retrieve.ts';
import { NODE_WIDTH } from '#memory/retrieval/trace-graph.ts';
import { openEmbedded } from '#memory/store/embedded/embedded-store.ts';
import { survival } from '#memory/store/embedded/crash.ts';
import { TEST_ENCODER, contentOf, traceOf } from '#memory/test-traces.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { figure, mean, median, quantile } from '../report.ts';
import type { Figure } from '../report.ts';
import { say } from './say.ts';

/*
 * The embedded store at 10k, 100k and 500k traces of 128 numbers, in one shard (the worst case). Clustered
 * unit vectors, 256 clusters; held-out queries. `EDGELOOM_KILLS` (100) and `EDGELOOM_TRACES` (500000) make it shorter.
 */
const DIMENSION = 128;
const GOALS: Readonly<
  Record<number, readonly [search50: number, search99: number, whole50: number, whole99: number]>
> = {
  10_000: [0.5, 1, 10, 20],
  100_000: [2, 4, 12, 25],
  500_000: [8, 15, 20, 40],
};
const SIZES = Object.keys(GOALS)
  .map(Number)
  .filter((size) => size <= Number(process.env['EDGELOOM_TRACES'] ?? 500_000));
const KILLS = Number(process.env['EDGELOOM_KILLS'] ?? 100);
const QUERIES = 400;
const RECALLED = 40;
const NEAREST = 10;
/** Every part of ranking at work, as trained weights have it. */
const EVERY_PART = {
  ...SET_MODEL,
  composite: Object.fromEntries(
    PARTS.map((name) => [name, { weight: 1 / PARTS.length, power: 2.5 }]),
  ) as unknown as CompositeWeights,
  metric: new Float32Array(METRIC_ROWS * DIMENSION).fill(0.01),
  projection: new Float32Array(NODE_WIDTH * DIMENSION).fill(0.01),
};

const took = async (work: () => unknown): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** Speed, space and durability of the embedded store. */
export async function scale(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const largest = Math.max(...SIZES);
  const { vectors, queries } = clustered({
    count: largest,
    queries: QUERIES,
    dimension: DIMENSION,
    clusters: 256,
    seed: 1,
  });
  /** Contents that are there before; each trace is one of them in a window of its own. Sealing is measured alone. */
  const contents = Array.from({ length: 1000 }, (_, i) =>
    traceOf(i, {}, { vector: new Float32Array(DIMENSION).fill(1) }),
  );
  function made(n: number): Trace {
    const base = contents[n % contents.length];
    const vector = vectors[n];
    if (base === undefined || vector === undefined) throw new RangeError(`no vector ${n}`);
    return { ...base, window: n, id: createHash('sha256').update(String(n)).digest('hex'), vector };
  }

  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-bench-memory-'));
  try {
    const path = join(folder, 'memory.db');
    const space = { dimension: DIMENSION, encoderVersion: TEST_ENCODER };
    const filter = { tenant: 'arena', encoderVersion: TEST_ENCODER };
    let store = await openEmbedded({ path, space });
    let there = 0;
    const rates: number[] = [];
    for (const size of SIZES) {
      while (there < size) {
        const batch = Array.from({ length: Math.min(5000, size - there) }, (_, i) => made(there + i));
        const ms = await took(() => store.put(batch));
        rates.push((1000 * batch.length) / ms);
        there += batch.length;
      }
      say(`${size} traces are in`);
      for (const q of queries.slice(0, 50)) await store.knn(q, NEAREST, filter);
      const times: number[] = [];
      for (const q of queries) times.push(await took(() => store.knn(q, NEAREST, filter)));
      const name = `${size / 1000}k`;
      const [p50, p99, whole50, whole99] = GOALS[size] ?? [NaN, NaN, NaN, NaN];
      figures.push(
        figure(`memory.search.${name}.p50`, median(times), 'ms', `<= ${p50}`, times.length),
        figure(`memory.search.${name}.p99`, quantile(times, 0.99), 'ms', `<= ${p99}`, times.length),
      );
      // Search, fetching 64 traces, similarity, pruning, reranking, context vector.
      const whole: number[] = [];
      let cpu = process.threadCpuUsage();
      for (const [i, q] of queries.slice(0, 220).entries()) {
        const { dag, map } = contentOf(5000 + i);
        const expected = expectationOf(contentOf(5000 + i), dagFeatures(dag));
        const situation = { dag, vector: q, nodes: map.nodes, expected, nowMs: 1_700_001_000_000 };
        const ms = await took(() => retrieve(store, situation, filter, 5, EVERY_PART));
        // The first twenty warm the code.
        if (i >= 20) whole.push(ms);
        else cpu = process.threadCpuUsage();
      }
      figures.push(
        figure(`memory.query.${name}.p50`, median(whole), 'ms', `<= ${whole50}`, whole.length),
        figure(`memory.query.${name}.p99`, quantile(whole, 0.99), 'ms', `<= ${whole99}`, whole.length),
        // On a busy machine this says what the query costs; the times above also say what it waited.
        figure(`memory.query.${name}.cpu`, cpuMs(cpu) / whole.length, 'ms', '', whole.length),
      );
      let found = 0;
      for (const q of queries.slice(0, RECALLED)) {
        const want = new Set(exactNearest(q, size).map((n) => made(n).id));
        found += (await store.knn(q, NEAREST, filter)).filter((h) => want.has(h.id)).length;
      }
      figures.push(figure(`memory.recall-at-10.${name}`, found / (RECALLED * NEAREST), '', '>= 1', RECALLED));
    }
    figures.push(figure('memory.insert.batch', median(rates), 'traces/s', '>= 20000', rates.length));

    say('single inserts beside queries');
    const single: number[] = [];
    const beside: number[] = [];
    const alone: number[] = [];
    for (const q of queries) alone.push(await took(() => store.knn(q, NEAREST, filter)));
    for (const [i, q] of queries.entries()) {
      const trace = sealTrace(contentOf(1_000_000 + i), { encoderVersion: TEST_ENCODER, vector: q });
      const started = performance.now();
      const done = store.put([trace]).then(() => single.push(performance.now() - started));
      // The answer to a query that comes right after an insert, while that is being written.
      beside.push(await took(() => store.knn(q, NEAREST, filter)));
      await done;
    }
    const quiet: number[] = [];
    for (let i = 0; i < 400; i++) {
      const trace = sealTrace(contentOf(2_000_000 + i), {
        encoderVersion: TEST_ENCODER,
        vector: queries[i % QUERIES] ?? [],
      });
      quiet.push(await took(() => store.put([trace])));
    }
    figures.push(
      figure('memory.insert.durable.p50', median(quiet), 'ms', '<= 1', quiet.length),
      figure('memory.insert.durable.p99', quantile(quiet, 0.99), 'ms', '', quiet.length),
      figure(
        'memory.search.while-inserting.p50',
        median(beside) / median(alone),
        'x alone',
        '<= 1.5',
        beside.length,
      ),
    );
    const sealing = await took(() => {
      for (let i = 0; i < 500; i++)
        sealTrace(contentOf(i), { encoderVersion: TEST_ENCODER, vector: queries[0] ?? [] });
    });
    figures.push(figure('memory.seal', (1000 * sealing) / 500, 'us', '', 500));

    say('expiry beside queries');
    const stats = await store.stats();
    let expiring = true;
    const during: number[] = [];
    const expiry = store
      .expire({ nowMs: 1_800_000_000_000, maxPerShard: Math.floor(stats.traces * 0.98) })
      .finally(() => (expiring = false));
    for (let i = 0; i === 0 || isTrue(expiring); i++) {
      const q = queries[i % QUERIES];
      if (q !== undefined) during.push(await took(() => store.knn(q, NEAREST, filter)));
      await new Promise((resolve) => void setImmediate(resolve));
    }
    const { evicted } = await expiry;
    figures.push(
      figure(
        'memory.search.while-expiring.p50',
        median(during) / median(alone),
        'x alone',
        '<= 1.5',
        during.length,
      ),
      figure('memory.expired', evicted, 'traces', '', 1),
    );
    await store.close();

    say('start');
    const starts: number[] = [];
    for (let i = 0; i < 3; i++) {
      starts.push(
        await took(async () => {
          store = await openEmbedded({ path, space });
        }),
      );
      const { traces, diskBytes, memoryBytes } = await store.stats();
      if (i === 2) {
        figures.push(
          figure('memory.disk', diskBytes / traces, 'bytes/trace', '<= 3072', traces),
          figure('memory.ram', memoryBytes / traces, 'bytes/trace', '<= 1024', traces),
        );
      }
      await store.close();
    }
    figures.push(
      figure(`memory.start.${largest / 1000}k`, median(starts) / 1000, 's', '<= 5', starts.length),
    );

    say(`${KILLS} x kill -9`);
    const after = await survival(join(folder, 'killed.db'), KILLS);
    figures.push(
      figure('memory.kill.acknowledged', after.acknowledged, 'traces', '', after.kills),
      figure('memory.kill.lost', after.lost, 'traces', '<= 0', after.kills),
      figure('memory.kill.damaged', after.damaged, 'files', '<= 0', after.kills),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  figures.push(
    figure(
      'memory.payload',
      mean(contents.map((t) => JSON.stringify({ ...t, vector: [] }).length)),
      'bytes of JSON',
      '',
      contents.length,
    ),
  );
  return figures;

  /** Numbers of the nearest by sorting, 64-bit. */
  function exactNearest(query: Float32Array, count: number): number[] {
    const best: { n: number; s: number }[] = [];
    let least = -Infinity;
    for (let n = 0; n < count; n++) {
      const v = vectors[n];
      if (v === undefined) continue;
      let s = 0;
      for (let j = 0; j < DIMENSION; j++) s += (query[j] ?? 0) * (v[j] ?? 0);
      if (s <= least) continue;
      best.push({ n, s });
      best.sort((a, b) => b.s - a.s);
      best.length = Math.min(best.length, NEAREST);
      if (best.length === NEAREST) least = best[NEAREST - 1]?.s ?? -Infinity;
    }
    return best.map((b) => b.n);
  }
}

/** Processor time of this thread since `before`. */
function cpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** For the compiler: the value changes behind its back. */
function isTrue(value: boolean): boolean {
  return value;
}
