import { linesOf } from './lines.ts';

const HEADER = 'run,pub_time_ms,sub_time_ms,delay_ms,utm_x_m,utm_y_m,velocity_mps,cell_id,sinr_db,rsrp_db';

/** Probabilities that an extract keeps: every hundredth, and the tail. */
const KEPT = Array.from({ length: 100 }, (_, i) => i / 100).concat([
  0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 1,
]);

/** A pause this many spacings long is a pause of the sender, not lost probes. */
const PAUSE = 20;

/** What a CICV5G recording says of its round trips. */
export interface RoundTrips {
  /** [probability, ms], the least and greatest included. */
  readonly quantiles: readonly (readonly [number, number])[];
  /**
   * Share of probes without a recorded answer, from the gaps in the times of sending within each run. An upper bound of the loss on
   * the air: a sender that hesitates looks the same.
   */
  readonly loss: number;
}

/** From the text of a recording. */
export function roundTrips(text: string, file: string): RoundTrips {
  const lines = linesOf(text, file, { separator: ',', cells: 10, header: HEADER });
  const delays = Float64Array.from(lines, (line) => line.amount(3, 'delay_ms', 0, 1e6)).sort();
  const runs = Map.groupBy(lines, (line) => line.text(0, 'run'));
  let missing = 0;
  for (const run of runs.values()) {
    const sent = run.map((line) => line.amount(1, 'pub_time_ms', 0, 1e14));
    const spacings = Float64Array.from(sent.slice(1), (at, i) => at - (sent[i] ?? at));
    const usual = Float64Array.from(spacings).sort()[spacings.length >> 1] ?? Infinity;
    for (const spacing of spacings) {
      const probes = Math.round(spacing / usual);
      if (probes > 1 && probes <= PAUSE) missing += probes - 1;
    }
  }
  const at = (p: number): number => delays[Math.min(delays.length - 1, Math.floor(p * delays.length))] ?? 0;
  return { quantiles: KEPT.map((p) => [p, at(p)]), loss: missing / (missing + lines.length) };
}
