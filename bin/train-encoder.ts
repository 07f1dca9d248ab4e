import { onnxruntime } from '#learning/executors/onnxruntime.ts';
import { Random } from '#learning/random.ts';
import { Encoder } from '#memory/encoders/encoder.ts';
import type { Encoded } from '#memory/encoders/encoder.ts';
import type { Example } from '#memory/encoders/training/example.ts';
import { qualityOf } from '#memory/encoders/training/quality.ts';
import type { Errors, Quality } from '#memory/encoders/training/quality.ts';
import { digestOfExamples, saveEncoder } from '#memory/encoders/training/save-encoder.ts';
import { TRAINING_DEFAULTS, trainEncoder } from '#memory/encoders/training/train-encoder.ts';
import { examplesOf } from './encoder-examples.ts';
import { table } from './table.ts';

/** Of every five cities one is kept from training, to measure on. */
const HELD_OUT = 5;

/** Examples that neighbours are looked for among, and that forecasts are asked for: enough for three digits, in seconds. */
const BANK = 4000;
const ASKED = 1500;

/** What `edgeloom train encoder` is told. */
export interface TrainOptions {
  readonly out: string;
  readonly scenario: readonly string[];
  readonly test: readonly string[];
  readonly cities: number;
  readonly seconds: number;
  readonly epochs: number;
  readonly metric: number;
  readonly seed: number;
  readonly data?: string;
  readonly orchestrator: string;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function simulated(scenario: string, seed: number, options: TrainOptions): Promise<Example[]> {
  const { orchestrator, data, seconds } = options;
  const run = { scenario, orchestrator, seed, dataFolder: data ?? process.env['EDGELOOM_DATA'] };
  const examples = await examplesOf({ ...run, untilMicros: seconds * 1e6 });
  say(`${scenario}, city ${seed}: ${examples.length} examples`);
  return examples;
}

/** Simulates cities, trains an encoder on four of five, prints its errors on the others, and writes it to `options.out`. */
export async function train(options: TrainOptions): Promise<void> {
  const learnt: Example[] = [];
  const kept = new Map<string, Example[]>(options.scenario.map((scenario) => [scenario, []]));
  for (let city = 0; city < options.cities; city++) {
    for (const scenario of options.scenario) {
      const examples = await simulated(scenario, options.seed + city, options);
      (city % HELD_OUT === HELD_OUT - 1 ? kept.get(scenario) : learnt)?.push(...examples);
    }
  }
  const trained = await trainEncoder(
    onnxruntime,
    learnt,
    { ...TRAINING_DEFAULTS, seed: options.seed, epochs: options.epochs, metric: options.metric },
    (epoch, loss) => say(`epoch ${epoch}: loss ${loss.toFixed(4)}`),
  );
  const encoder = new Encoder(trained.weights, trained.normalisers);
  const random = new Random(options.seed).split('quality');
  const draw = (below: number): number => random.whole(below);
  const bank = evenly(learnt, BANK);
  const seen = await encodeAll(encoder, bank);
  const measure = async (examples: readonly Example[]): Promise<Quality> =>
    qualityOf(bank, seen, examples, await encodeAll(encoder, examples), trained.outcomes, draw);
  const asked = evenly([...kept.values()].flat(), ASKED);
  const qualities = new Map([['other cities', await measure(asked)]]);
  const [bankBlind, askedBlind] = [bank.map(blind), asked.map(blind)];
  const [seenBlind, foretold] = [await encodeAll(encoder, bankBlind), await encodeAll(encoder, askedBlind)];
  qualities.set(
    'other cities, before the first run (no telemetry)',
    qualityOf(bankBlind, seenBlind, askedBlind, foretold, trained.outcomes, draw),
  );
  if (kept.size > 1)
    for (const [scenario, examples] of kept)
      qualities.set(`other cities of ${scenario}`, await measure(evenly(examples, ASKED)));
  for (const scenario of options.test)
    qualities.set(scenario, await measure(evenly(await simulated(scenario, options.seed, options), ASKED)));
  await encoder.close();
  for (const [name, quality] of qualities) printQuality(name, quality);
  const data = {
    source: `${options.scenario.join(', ')}; ${options.cities} cities of each from seed ${options.seed}, ${options.seconds} s, ${options.orchestrator}`,
    examples: learnt.length,
    sha256: digestOfExamples(learnt),
  };
  const manifest = await saveEncoder(options.out, trained, {
    seed: options.seed,
    data,
    quality: figuresOf(qualities.get('other cities')),
  });
  process.stdout.write(`\n${manifest.version} in ${options.out}\n`);
}

/** At most so many of a list, evenly spread over it. */
const evenly = <T>(list: readonly T[], most: number): T[] => {
  const step = Math.ceil(list.length / most);
  return list.filter((_, i) => i % step === 0);
};

/** As it is before the first run: nothing has been measured of it. */
const blind = (e: Example): Example => ({ ...e, features: { ...e.features, telemetry: new Float32Array() } });

async function encodeAll(encoder: Encoder, examples: readonly Example[]): Promise<Encoded[]> {
  const encoded: Encoded[] = [];
  for (const { features } of examples) encoded.push(await encoder.encode(features));
  return encoded;
}

const METHODS = {
  mean: 'the mean',
  linear: 'linear, pooled features',
  persistence: 'the last period goes on',
  encoder: 'encoder',
  random: '8 at random',
  nearestByPooled: '8 nearest by pooled features',
  nearestByVector: '8 nearest by vector',
} as const;

function printQuality(name: string, quality: Quality): void {
  const rows = Object.entries(METHODS).map(([key, method]) => [
    method,
    ...quality[key as keyof typeof METHODS].map((error) => (Number.isNaN(error) ? '-' : error.toFixed(4))),
  ]);
  process.stdout.write(`\n${name}: ${quality.examples} examples, root mean squared error\n`);
  process.stdout.write(`${table(['FORECAST', 'LOG LATENCY', 'VIOLATED', 'BUSY'], rows)}\n`);
}

function figuresOf(quality: Quality | undefined): Record<string, number> {
  const outcomes = ['logLatency', 'violated', 'busy'];
  const of = (key: keyof typeof METHODS, errors: Errors = [0, 0, 0]): [string, number][] =>
    errors.map((error, i) => [`${key}.${outcomes[i]}.rmse`, Number(error.toPrecision(4))]);
  return Object.fromEntries(
    Object.keys(METHODS).flatMap((key) =>
      of(key as keyof typeof METHODS, quality?.[key as keyof typeof METHODS]),
    ),
  );
}
