import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Encoder, SHIPPED } from '#memory/encoders/encoder.ts';
import { fitLimits } from '#memory/guard/limits.ts';
import type { Known } from '#memory/guard/limits.ts';
import { dayOf, dayOptions } from './memory-scenes/scenes.ts';

/** What `edgeloom train guard` is told. */
export interface TrainGuardOptions {
  readonly out: string;
  readonly scenario: readonly string[];
  readonly cities: number;
  readonly days: number;
  readonly seed: number;
  readonly beyond: number;
  readonly data?: string;
  readonly cache: string;
}

/** Simulates honest days of cities and writes `limits.json`: how far their outcomes are from what the world model expects. */
export async function trainGuard(options: TrainGuardOptions): Promise<void> {
  const encoder = await Encoder.open(SHIPPED);
  const { scenario: scenarios, cities, days, seed, beyond, cache } = options;
  const dataFolder = options.data ?? process.env['EDGELOOM_DATA'];
  const streams: Known[][] = [];
  for (const scenario of scenarios) {
    const stream: Known[] = [];
    for (let city = seed; city < seed + cities; city++) {
      for (let day = 1; day <= days; day++) {
        const { deployments } = await dayOf(dayOptions(scenario, city, day, dataFolder), encoder, cache);
        for (const { trace } of deployments)
          stream.push({ expected: trace.predictedUtility, realised: trace.realisedUtility });
      }
      process.stderr.write(`${scenario}, city ${city}: ${days} days\n`);
    }
    streams.push(stream);
  }
  await encoder.close();
  const data = `${scenarios.join(', ')}; ${cities} cities of each from seed ${seed}, ${days} days, ${streams.flat().length} reports`;
  const limits = fitLimits(streams, beyond, data);
  writeFileSync(join(options.out, 'limits.json'), `${JSON.stringify(limits, undefined, 2)}\n`);
  process.stdout.write(`limits.json in ${options.out}\n`);
}
