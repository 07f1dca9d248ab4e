import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RANKING_FILE, digestOfWeights } from '../ranking-file.ts';
import type { RankingFile } from '../ranking-file.ts';
import type { RankingModel } from '../ranking-model.ts';

/** Writes `ranking.json` to a folder; what it says. */
export function saveRanking(
  folder: string,
  model: RankingModel,
  about: Pick<RankingFile, 'encoderVersion' | 'seed' | 'data'>,
): RankingFile {
  const { projection, ...rest } = model;
  const weights = { ...rest, projection: Array.from(projection ?? [], (x) => Number(x.toPrecision(6))) };
  const sha256 = digestOfWeights(weights);
  const file: RankingFile = {
    format: 1,
    version: `ranking-1+${sha256.slice(0, 12)}`,
    ...about,
    sha256,
    weights,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, RANKING_FILE), `${JSON.stringify(file, null, 1)}\n`);
  return file;
}
