import { Command, InvalidArgumentError } from 'commander';
import { TRAINING_DEFAULTS } from '#memory/encoders/training/train-encoder.ts';
import { printInputError } from '../input-error.ts';
import type { TrainOptions } from '../train-encoder.ts';
import type { TrainGuardOptions } from '../train-guard.ts';
import type { TrainRetrievalOptions } from '../train-retrieval.ts';
import { wholeNumber } from '../whole-number.ts';

const BAD_INPUT = 2;

/** `edgeloom train`: models from simulations. */
export function trainCommand(): Command {
  return new Command('train')
    .summary('train models on simulations')
    .addCommand(encoderCommand())
    .addCommand(retrievalCommand())
    .addCommand(guardCommand());
}

const names = (text: string): string[] => text.split(',').map((name) => name.trim());
const real = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('a number, 0 or more');
  return value;
};

function encoderCommand(): Command {
  return new Command('encoder')
    .summary('train the encoder of the memory')
    .description(
      'Simulates cities, learns to foretell how each service graph fares (docs/learning.md), and writes encoder.onnx and\n' +
        'encoder.json. One city of five is kept from training; errors are those on them. Same arguments, same files.',
    )
    .requiredOption('--out <dir>', 'where to write the encoder')
    .option('--scenario <a,b>', 'scenarios to learn from', names, ['S3'])
    .option('--test <a,b>', 'further scenarios to measure on, never learnt from', names, [])
    .option('--cities <n>', 'cities of each scenario', wholeNumber(5, 10_000), 40)
    .option('--seconds <n>', 'simulated time of each at most', wholeNumber(20, 86_400), 60)
    .option('--epochs <n>', 'passes over the examples', wholeNumber(1, 1000), TRAINING_DEFAULTS.epochs)
    .option(
      '--metric <x>',
      'weight of the term that ties distance to outcome',
      real,
      TRAINING_DEFAULTS.metric,
    )
    .option('--orchestrator <name>', 'who places in the simulations', 'search')
    .option('--seed <n>', 'of the weights and of the first city', wholeNumber(0), 1)
    .option('--data <dir>', 'folder of recorded data sets (default: EDGELOOM_DATA)')
    .action(async (options: TrainOptions) => {
      try {
        // The runtime is a native library: loaded when something is trained, not for a help text.
        const { train } = await import('../train-encoder.ts');
        await train(options);
      } catch (error) {
        if (!printInputError(error)) throw error;
        process.exitCode = BAD_INPUT;
      }
    });
}

function guardCommand(): Command {
  return new Command('guard')
    .summary('calibrate the guard of the memory')
    .description(
      'Simulates honest days of cities and measures by class of situation how far outcomes are from what the world model\n' +
        'expects (docs/memory.md). Writes limits.json. Same arguments, same file.',
    )
    .requiredOption('--out <dir>', 'where to write the limits')
    .option('--scenario <a,b>', 'scenarios to learn from', names, ['S3'])
    .option('--cities <n>', 'cities of each scenario', wholeNumber(1, 1000), 4)
    .option('--days <n>', 'days of each city', wholeNumber(1, 1000), 6)
    .option('--seed <n>', 'first city', wholeNumber(0), 1)
    .option('--beyond <x>', 'share of honest reports beyond each limit', real, 0.005)
    .option('--data <dir>', 'folder of recorded data sets (default: EDGELOOM_DATA)')
    .option('--cache <dir>', 'where simulated days are kept', '.cache/memory-scenes')
    .action(async (options: TrainGuardOptions) => {
      try {
        const { trainGuard } = await import('../train-guard.ts');
        await trainGuard(options);
      } catch (error) {
        if (!printInputError(error)) throw error;
        process.exitCode = BAD_INPUT;
      }
    });
}

function retrievalCommand(): Command {
  return new Command('retrieval')
    .summary('train the ranking of the memory')
    .description(
      'Simulates days of cities and learns which of the near traces foretell how a deployment fares: all weights of composite\n' +
        'similarity, pruning (Eq. 1) and reranking (Eq. 2) together (docs/memory.md). Writes ranking.json. Same arguments, same file.',
    )
    .requiredOption('--out <dir>', 'where to write the weights')
    .option('--scenario <a,b>', 'scenarios to learn from', names, ['S3'])
    .option('--cities <n>', 'cities of each scenario', wholeNumber(2, 1000), 6)
    .option('--days <n>', 'days of each city; the second half is asked about', wholeNumber(2, 1000), 8)
    .option('--epochs <n>', 'passes over the examples', wholeNumber(1, 1000), 6)
    .option('--seed <n>', 'of the weights and of the first city', wholeNumber(0), 201)
    .option('--data <dir>', 'folder of recorded data sets (default: EDGELOOM_DATA)')
    .option('--encoder <dir>', 'encoder of the vectors (default: the one that is shipped)', '')
    .option('--cache <dir>', 'where simulated days are kept', '.cache/memory-scenes')
    .action(async (options: TrainRetrievalOptions) => {
      try {
        const { trainRetrieval } = await import('../train-retrieval.ts');
        await trainRetrieval(options);
      } catch (error) {
        if (!printInputError(error)) throw error;
        process.exitCode = BAD_INPUT;
      }
    });
}
