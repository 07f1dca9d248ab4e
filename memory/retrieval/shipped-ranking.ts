import { join } from 'node:path';
import { modelOf, readRanking } from './ranking-file.ts';
import { SET_MODEL } from './ranking-model.ts';
import type { RankingModel } from './ranking-model.ts';

/** Folder of the weights that come with the program. */
const SHIPPED_RANKING = join(import.meta.dirname, 'models');

let shipped: { readonly encoderVersion: string; readonly model: RankingModel } | undefined;

/** The model for vectors of an encoder: the one that was trained on them, or the set weights. Throws `ModelError` for a damaged file. */
export function rankingModelFor(encoderVersion: string): RankingModel {
  if (shipped === undefined) {
    const file = readRanking(SHIPPED_RANKING);
    shipped = { encoderVersion: file.encoderVersion, model: modelOf(file) };
  }
  return shipped.encoderVersion === encoderVersion ? shipped.model : SET_MODEL;
}
