import { createHash } from 'node:crypto';
import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import { Encoder, SHIPPED } from '#memory/encoders/encoder.ts';
import { NEAREST } from '#memory/retrieval/retrieve.ts';
import { saveRanking } from '#memory/retrieval/training/save-ranking.ts';
import { outcomeOf } from '#memory/retrieval/training/example.ts';
import type { RankingExample } from '#memory/retrieval/training/example.ts';
import { RANKING_TRAINING, trainRanking } from '#memory/retrieval/training/train-ranking.ts';
import { cosine } from '#memory/trace/vector.ts';
import { dayOf, dayOptions, situationOf, snapshotsOf } from './memory-scenes/scenes.ts';
import type { Day } from './memory-scenes/scenes.ts';

/** What `edgeloom train retrieval` is told. */
export interface TrainRetrievalOptions {
  readonly out: string;
  readonly scenario: readonly string[];
  readonly cities: number;
  readonly days: number;
  readonly seed: number;
  readonly epochs: number;
  readonly data?: string;
  readonly encoder: string;
  readonly cache: string;
}

/** Of the deployments of a day every so many is learnt from. */
const STRIDE = 4;
/** Of so many examples one is answered by other cities alone, as on the first day of a cluster. */
const STRANGE = 2;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Simulates days of cities, learns to rank on them, and writes `ranking.json` to `options.out`. */
export async function trainRetrieval(options: TrainRetrievalOptions): Promise<void> {
  const encoder = await Encoder.open(options.encoder === '' ? SHIPPED : options.encoder);
  const dataFolder = options.data ?? process.env['EDGELOOM_DATA'];
  const examples: RankingExample[] = [];
  for (const scenario of options.scenario) {
    const days: Day[] = [];
    for (let city = options.seed; city < options.seed + options.cities; city++) {
      for (let day = 1; day <= options.days; day++)
        days.push(await dayOf(dayOptions(scenario, city, day, dataFolder), encoder, options.cache));
      say(`${scenario}, city ${city}: ${options.days} days`);
    }
    examples.push(...examplesOf(days));
  }
  await encoder.close();
  say(`${examples.length} examples`);
  const { seed, epochs } = options;
  const trained = await trainRanking(
    onnxruntime,
    examples,
    { ...RANKING_TRAINING, seed, epochs },
    (epoch, loss) => say(`epoch ${epoch}: loss ${loss.toFixed(4)}`),
  );
  const source = `${options.scenario.join(', ')}; ${options.cities} cities of each from seed ${seed}, ${options.days} days`;
  const data = { source, examples: examples.length, sha256: digestOf(examples) };
  const { version } = saveRanking(options.out, trained, { encoderVersion: encoder.version, seed, data });
  process.stdout.write(`${version} in ${options.out}\n`);
}

/** The second half of each city's days, asked of what was before. */
function examplesOf(days: readonly Day[]): RankingExample[] {
  const examples: RankingExample[] = [];
  const half = Math.max(...days.map((d) => d.options.day)) / 2;
  for (const day of days.filter((d) => d.options.day > half)) {
    const snapshotAt = snapshotsOf(day);
    const past = days.filter((d) => d.options.day < day.options.day);
    for (const [i, deployment] of day.deployments.entries()) {
      if (i % STRIDE !== 0) continue;
      const strange = examples.length % STRANGE === 0;
      const memory = past
        .filter((d) => !strange || d.options.city !== day.options.city)
        .flatMap((d) => d.deployments.map((x) => x.trace));
      const situation = situationOf(day, deployment, snapshotAt(deployment.world));
      const near = memory
        .map((trace) => ({ trace, similarity: cosine(situation.vector, trace.vector) }))
        .sort((a, b) => b.similarity - a.similarity || (a.trace.id < b.trace.id ? -1 : 1))
        .slice(0, NEAREST)
        .map(({ trace, similarity }) => ({
          trace,
          hit: { id: trace.id, similarity, reward: trace.realisedUtility, own: true },
        }));
      examples.push({ situation, near, outcome: outcomeOf(deployment.trace) });
    }
  }
  return examples;
}

/** SHA-256 over what was learnt from: queries, what was near to each, and what came of it. */
function digestOf(examples: readonly RankingExample[]): string {
  const hash = createHash('sha256');
  for (const { situation, near, outcome } of examples) {
    hash.update(situation.vector);
    for (const { trace } of near) hash.update(trace.id);
    hash.update(Float64Array.from(outcome));
  }
  return hash.digest('hex');
}
