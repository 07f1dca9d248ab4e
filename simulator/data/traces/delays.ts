import { quantilesOf } from '#simulator/processes/quantiles.ts';
import type { Quantiles } from '#simulator/processes/quantiles.ts';
import type { DataFolder } from '../folder.ts';
import { problemAt } from '../folder.ts';
import { linesOf } from './lines.ts';

const PROTOTYPES = 'net-5g-latency-deterministic6g';

/** Folders of the recorded one-way delays, with the file of each direction. */
const HISTOGRAMS = {
  'PD-Wireless-5G-2a': [
    '5G-midband-Uplink_PD-Wireless-5G-2a.csv',
    '5G-midband-Downlink_PD-Wireless-5G-2a.csv',
  ],
  'PD-Wireless-5G-3a': [
    '5G-URLLC-mmW-Uplink_PD-Wireless-5G-3a.csv',
    '5G-URLLC-mmW-Downlink_PD-Wireless-5G-3a.csv',
  ],
  'PD-Wireless-5G-4a': ['5G-mmW-UL-histData.csv', '5G-mmW-DL-histData.csv'],
} as const;

/** One-way delays in microseconds. */
export interface OneWay {
  readonly up: Quantiles;
  readonly down: Quantiles;
}

/** One-way delays of a DETERMINISTIC6G measurement, from its histograms: even within each bin. */
export function prototypeDelays(folder: DataFolder, measurement: keyof typeof HISTOGRAMS): OneWay {
  const [up, down] = HISTOGRAMS[measurement];
  const read = (name: string): Quantiles => {
    const file = `${measurement}/${name}`;
    return histogramQuantiles(folder.text(PROTOTYPES, file), `${PROTOTYPES}/${file}`);
  };
  return { up: read(up), down: read(down) };
}

/** Microseconds by probability from rows `lower bound of the bin in ms, count or share`; bins of one width. */
export function histogramQuantiles(text: string, file: string): Quantiles {
  const lines = linesOf(text, file, { separator: /\s+|,/, cells: 2 });
  const bins = lines.map((line) => ({
    millis: line.amount(0, 'bin', 0, 1e6),
    count: line.amount(1, 'count', 0, 1e12),
  }));
  const width = (bins[1]?.millis ?? 0) - (bins[0]?.millis ?? 0);
  const whole = bins.reduce((sum, { count }) => sum + count, 0);
  if (!(width > 0 && whole > 0))
    throw problemAt(
      file,
      0,
      '',
      'is no histogram: bins must rise and counts must not all be 0',
      'fetch it again',
    );
  const points: [number, number][] = [];
  let below = 0;
  for (const [i, { millis, count }] of bins.entries()) {
    const before = bins[i - 1]?.millis ?? -Infinity;
    if (millis <= before) throw lines[i]?.wrong('bin', 'is not after the row before') ?? new Error(file);
    // An empty bin is a jump: the next one begins where it ends.
    if (count > 0) points.push([below / whole, millis * 1000]);
    below += count;
    if (count > 0) points.push([below / whole, (millis + width) * 1000]);
  }
  return quantilesOf(points);
}

const DRIVING = 'net-5g-delay-cicv5g';
const DRIVING_QUANTILES = 'quantiles.csv';

/** Roads of CICV5G. */
export type Road = 'urban' | 'arterial' | 'weak-to-strong';

/** Half of the recorded round trips of a road, for either way, and the share of probes without a recorded answer. */
export function drivingDelays(folder: DataFolder, road: Road): OneWay & { readonly loss: number } {
  const file = `${DRIVING}/${DRIVING_QUANTILES}`;
  const lines = linesOf(folder.text(DRIVING, DRIVING_QUANTILES), file, {
    separator: ',',
    cells: 4,
    header: 'road,loss,probability,round_trip_ms',
  }).filter((line) => line.text(0, 'road') === road);
  const [first] = lines;
  if (first === undefined) throw problemAt(file, 0, 'road', `has no rows of ${road}`, 'fetch it again');
  const points = lines.map((line): [number, number] => [
    line.amount(2, 'probability', 0, 1),
    (line.amount(3, 'round_trip_ms', 0, 1e6) * 1000) / 2,
  ]);
  for (const [i, line] of lines.entries()) {
    const [p, value] = points[i] ?? [0, 0];
    const [before, least] = points[i - 1] ?? [-1, 0];
    if (p < before || value < least) throw line.wrong('probability', 'falls, or its delay does');
  }
  const delays = quantilesOf(points);
  return { up: delays, down: delays, loss: first.amount(1, 'loss', 0, 1) };
}
