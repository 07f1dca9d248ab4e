import type { DataFolder } from '../folder.ts';
import { linesOf } from './lines.ts';

const VR = 'xr-vr-traffic-lecci';
const HEADSET = 'xr-offloading-nokia';

/** Largest frame that is believed, bytes. */
const LARGEST = 1e9;

/** Bytes of every recorded frame: `nokia-480p` (from the repository), or a VR trace such as `vp_50mbps_60fps`. */
export function recordedFrames(folder: DataFolder, name: string): Float64Array {
  if (name === 'nokia-480p') {
    const file = '480_frames.csv.gz';
    const lines = linesOf(folder.text(HEADSET, file), `${HEADSET}/${file}`, {
      separator: ',',
      cells: 1,
      header: 'bytes',
    });
    return Float64Array.from(lines, (line) => line.amount(0, 'bytes', 1, LARGEST));
  }
  const file = `${name}.csv.gz`;
  const lines = linesOf(folder.text(VR, file), `${VR}/${file}`, { separator: ',', cells: 2 });
  return Float64Array.from(lines, (line) => line.amount(0, 'burstSizeBytes', 1, LARGEST));
}

/** Silence that ends a frame of the headset, seconds: its packets come within a millisecond, its frames every 17 ms. */
const SILENCE_SECONDS = 0.004;

/** Bytes of every frame of the headset from its packets: rows of seconds and bytes. */
export function framesOfPackets(text: string, file: string): readonly number[] {
  const frames: number[] = [];
  let before = -Infinity;
  for (const line of linesOf(text, file, { separator: ' ', cells: 2 })) {
    const seconds = line.amount(0, 'seconds', 0, 1e6);
    const bytes = line.amount(1, 'bytes', 1, 65_535);
    if (seconds < before) throw line.wrong('seconds', 'is before the row before');
    if (seconds - before > SILENCE_SECONDS) frames.push(bytes);
    else frames[frames.length - 1] = (frames.at(-1) ?? 0) + bytes;
    before = seconds;
  }
  return frames;
}
