import assert from 'node:assert/strict';
import { Contexts } from '#memory/context/contexts.ts';
import { reembedWith, look } from '#memory/context/re-embed.ts';
import { COLUMNS_DIGEST } from '#memory/context/context.ts';
import { Encoder } from '#memory/encoders/encoder.ts';
import { DIMENSION } from '#memory/encoders/network/encoder-network.ts';
import { fitNormalisers } from '#memory/encoders/network/pack.ts';
import { TAG } from '#memory/encoders/query.ts';
import { featuresFrom, freshWeights } from '#memory/encoders/test-situations.ts';
import { contentOf } from '#memory/test-traces.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import type { Space } from './admission.ts';
import type { Progress, Reembed, TraceStore } from './trace-store.ts';

/** How the store at one place is opened, again and again; empty the first time. */
export type OpenAgain = (options: {
  readonly space: Space;
  readonly reembed?: Reembed;
  readonly onProgress?: Progress;
}) => Promise<TraceStore>;

const COUNT = 24;
const features = featuresFrom(Array.from({ length: 4 }, (_, i) => i + 1));
const spaceOf = (encoder: Encoder): Space => ({
  dimension: DIMENSION + 2 * TAG,
  encoderVersion: encoder.version,
});
/** Two real encoders of one architecture, with other weights: none of their vectors can be compared. */
const encoders = (): [Encoder, Encoder] => [
  new Encoder(freshWeights(1), fitNormalisers(features)),
  new Encoder(freshWeights(2), fitNormalisers(features)),
];

/** Traces of made-up situations as an encoder sees them; every sixth has no context. */
async function embeddedBy(encoder: Encoder): Promise<Trace[]> {
  const contexts = new Contexts();
  const traces: Trace[] = [];
  for (let n = 0; n < COUNT; n++) {
    const seen = features[n % features.length];
    if (seen === undefined) throw new Error('no features');
    const content = contentOf(n, { tenant: 'arena', slice: n % 2 === 0 ? 'xr' : 'twin' });
    const { vector, context } = await look(encoder, contexts, seen, content);
    const kept = n % 6 === 5 ? undefined : context;
    traces.push(sealTrace(content, { encoderVersion: encoder.version, vector, context: kept }));
  }
  return traces;
}

async function all(store: TraceStore): Promise<Trace[]> {
  const traces: Trace[] = [];
  for await (const trace of store.export(undefined)) traces.push(trace);
  return traces;
}

/** Sentences that hold for every store that outlives its process. */
export const RE_EMBEDDING: Readonly<Record<string, (open: OpenAgain, another: OpenAgain) => Promise<void>>> =
  {
    'keeps what an encoder looked at, for exports, and forgets scenes with their last trace': async (
      open,
    ) => {
      const [first, second] = encoders();
      const traces = await embeddedBy(first);
      const store = await open({ space: spaceOf(first) });
      await store.put(traces);
      const byId = (a: Trace, b: Trace): number => (a.id < b.id ? -1 : 1);
      assert.deepEqual(
        (await all(store)).map(({ context }) => context?.own && Buffer.from(context.own).toString('hex')),
        traces.toSorted(byId).map(({ context }) => context && Buffer.from(context.own).toString('hex')),
      );
      const [got] = await store.get('arena', [traces[0]?.id ?? '']);
      assert.equal(got?.context, undefined);
      await store.remove(traces.slice(0, COUNT - 2).map((t) => t.id));
      const left = (await all(store)).map(({ context }) => context?.columns);
      assert.deepEqual(new Set(left), new Set([COLUMNS_DIGEST, undefined]));
      await store.close();
      await first.close();
      await second.close();
    },

    'answers after another encoder came as a store that knew it from the start': async (open, another) => {
      const [first, second] = encoders();
      const store = await open({ space: spaceOf(first) });
      await store.put(await embeddedBy(first));
      await store.close();

      const fresh = await another({ space: spaceOf(second) });
      const anew = (await embeddedBy(second)).filter(({ context }) => context !== undefined);
      await fresh.put(anew);

      const told: (readonly [number, number, number])[] = [];
      const onProgress: Progress = (...figures) => void told.push(figures);
      const moved = await open({ space: spaceOf(second), reembed: reembedWith(second), onProgress });
      // Queries are answered meanwhile, by what is ready.
      const filter = { tenant: 'arena', encoderVersion: second.version };
      const early = await moved.knn(anew[0]?.vector ?? [], COUNT, filter);
      assert.ok(early.length <= anew.length);
      await moved.settled();
      for (const { vector } of anew)
        assert.deepEqual(await moved.knn(vector, 7, filter), await fresh.knn(vector, 7, filter));
      const { traces, stale, embeddable } = await moved.stats();
      assert.deepEqual(
        { traces, stale, embeddable },
        { traces: anew.length, stale: COUNT - anew.length, embeddable: 0 },
      );
      assert.deepEqual(told.at(-1), [COUNT, COUNT, COUNT - anew.length]);
      await moved.close();
      await fresh.close();
      await first.close();
      await second.close();
    },

    'counts what could be embedded again, and goes on where it was broken off': async (open) => {
      const [first, second] = encoders();
      const before = await open({ space: spaceOf(first) });
      const traces = await embeddedBy(first);
      await before.put(traces);
      await before.close();
      let embedded = 0;
      const broken = await open({
        space: spaceOf(second),
        reembed: (trace) => {
          if (embedded++ === 5) throw new Error('the machine is switched off');
          return reembedWith(second)(trace);
        },
      });
      await assert.rejects(broken.settled(), /switched off/);
      await broken.close();
      const after = await open({ space: spaceOf(second) });
      const { stale, embeddable } = await after.stats();
      assert.ok(embeddable > 0 && embeddable < stale, `${embeddable} of ${stale}`);
      await after.close();
      const again = await open({ space: spaceOf(second), reembed: reembedWith(second) });
      await again.settled();
      assert.equal((await again.stats()).embeddable, 0);
      await assert.rejects(again.put([{ ...(traces[5] as Trace), id: 'ff'.repeat(32) }]), /embedded by/);
      await again.close();
      await first.close();
      await second.close();
    },
  };
