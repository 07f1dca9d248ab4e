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
  const { projection, metric, ...rest } = model;
  const written = (numbers: Float32Array | undefined): number[] =>
    Array.from(numbers ?? [], (x) => Number(x.toPrecision(6)));
  const weights = { ...rest, projection: written(projection), metric: written(metric) };
  const sha256 = digestOfWeights(weights);
  const file: RankingFile = {
    format: 2,
    version: `ranking-2+${sha256.slice(0, 12)}`,
    ...about,
    sha256,
    weights,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, RANKING_FILE), `${JSON.stringify(file, null, 1)}\n`);
  return file;
}
