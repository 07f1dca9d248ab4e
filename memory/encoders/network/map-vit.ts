import { normal } from '#learning/initialisers.ts';
import { add } from '#learning/ir/elementwise.ts';
import { reshape, transpose } from '#learning/ir/layout.ts';
import { mean } from '#learning/ir/reduce.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import { transformerBlock } from '#learning/layers/attention.ts';
import { dense, layerNorm } from '#learning/layers/dense.ts';
import type { Parameters } from '#learning/parameters.ts';
import { COLUMNS, GRID } from '../features/columns.ts';

/** Cells along each side of a patch. */
const PATCH = 4;

/** A small vision transformer (arXiv 2010.11929) over the heat maps: patches as tokens, learnt positions, mean over tokens, [batch, units]. */
export function mapVit(
  parameters: Parameters,
  batch: number,
  { units, heads, blocks }: { units: number; heads: number; blocks: number },
): Tensor {
  const channels = COLUMNS.maps.length;
  const side = GRID / PATCH;
  const maps = input('maps', [batch, GRID * GRID, channels]);
  const cells = reshape(maps, [batch, side, PATCH, side, PATCH * channels]);
  const patches = reshape(transpose(cells, [0, 1, 3, 2, 4]), [batch, side * side, PATCH * PATCH * channels]);
  const position = parameters.get('maps/position', [side * side, units], normal(0.02));
  let tokens = add(dense(parameters, 'maps/patch', patches, units), position);
  for (let block = 0; block < blocks; block++)
    tokens = transformerBlock(parameters, `maps/${block}`, tokens, { heads, hidden: 2 * units });
  return mean(layerNorm(parameters, 'maps/norm', tokens), [1]);
}
