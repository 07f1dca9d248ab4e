/**
 * Mocha loads this before every test. Property tests draw from one seed, so that a run fails only for what has changed;
 * `EDGELOOM_SEED=random make test-unit` (or a number) looks elsewhere, and a failure then prints the seed to go back to.
 */
import fc from 'fast-check';

const SEED = 20_260_801;

const given = process.env['EDGELOOM_SEED'];
if (given !== 'random') {
  const seed = given === undefined ? SEED : Number(given);
  if (!Number.isInteger(seed))
    throw new Error(`EDGELOOM_SEED="${given}" must be a whole number or the word random`);
  fc.configureGlobal({ seed });
}
