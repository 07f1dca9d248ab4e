import type { DataFolder } from '../folder.ts';
import { linesOf } from './lines.ts';

const SET = 'arrivals-genai-alibaba';
const FILE = 'lora_request_trace.csv.gz';

const COLUMNS = [
  'gmt_create',
  'predict_type',
  'predict_status',
  'exec_time_seconds',
  'groupId',
  'prompt_length',
  'negative_prompt_length',
  'num_images_per_prompt',
  'num_inference_steps',
  'checkpoint_model_version_id',
  'num_lora',
];

/** Gaps between the recorded requests of an image-generating service, scaled to a mean of 1 (recorded to the second; cv 12). */
export function genaiGaps(folder: DataFolder): Float64Array {
  const lines = linesOf(folder.text(SET, FILE), `${SET}/${FILE}`, {
    separator: ',',
    cells: COLUMNS.length,
    header: COLUMNS.join(','),
  });
  const moments = lines.map((line) => line.moment(0, 'gmt_create'));
  const gaps = new Float64Array(moments.length - 1);
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue;
    const gap = (moments[i] ?? 0) - (moments[i - 1] ?? 0);
    if (gap < 0) throw line.wrong('gmt_create', 'is before the row before');
    gaps[i - 1] = gap;
  }
  const mean = ((moments.at(-1) ?? 0) - (moments[0] ?? 0)) / gaps.length;
  const [last] = lines.slice(-1);
  if (last !== undefined && !(mean > 0))
    throw last.wrong('gmt_create', 'all requests are at the same moment');
  return gaps.map((gap) => gap / mean);
}
