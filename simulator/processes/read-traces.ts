import type { DataFolder } from '#simulator/data/folder.ts';
import { drivingDelays, prototypeDelays } from '#simulator/data/traces/delays.ts';
import { recordedFrames } from '#simulator/data/traces/frames.ts';
import { genaiGaps } from '#simulator/data/traces/gaps.ts';
import { azureMinutes, worldCupMinutes } from '#simulator/data/traces/minutes.ts';
import { tracksOf } from '#simulator/data/traces/tracks.ts';
import type { ExogenousSpec } from './schema.ts';
import type { Traces } from './traces.ts';

/**
 * Reads what a spec asks for, and nothing else. Throws an `InputError` that names a missing set and its source, or the file and line
 * of a row that does not fit: before anything runs.
 */
export function readTraces({ arrivals, mobility, radio, work }: ExogenousSpec, folder: DataFolder): Traces {
  const { time } = arrivals;
  return {
    ...(arrivals.gaps === 'genai-alibaba' ? { gaps: genaiGaps(folder) } : {}),
    ...(time.curve === 'worldcup98' ? { minutes: [worldCupMinutes(folder, time.from, time.minutes)] } : {}),
    ...(time.curve === 'azure-functions' ? { minutes: azureMinutes(folder, time.leastInvocations) } : {}),
    ...(mobility.model === 'taxis' ? { tracks: tracksOf(folder, mobility.set) } : {}),
    ...(radio.profile === 'driving' ? { air: drivingDelays(folder, radio.road) } : {}),
    ...(radio.profile === 'recorded' ? { air: { ...prototypeDelays(folder, radio.set), loss: 0 } } : {}),
    ...(work.payload.law === 'frames' ? { frames: recordedFrames(folder, work.payload.set) } : {}),
  };
}
