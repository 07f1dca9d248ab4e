import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Encoder, SHIPPED } from '#memory/encoders/encoder.ts';
import { dayOf, dayOptions } from '../../bin/memory-scenes/scenes.ts';
import type { Day } from '../../bin/memory-scenes/scenes.ts';
import { say } from './say.ts';

/** Cities of the table: none that the encoder or the ranking was trained on. */
const FIRST_CITY = 101;
/** Where simulated days are kept, so that a second run takes seconds. */
const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'memory-scenes');

/** Cities and days of a city, of which the last third is asked about and the rest remembered. */
const CITIES = Number(process.env['EDGELOOM_CITIES'] ?? 3);
const DAYS = Number(process.env['EDGELOOM_DAYS'] ?? 12);
export const REMEMBERED = Math.floor((2 * DAYS) / 3);

/** S1 and S2 when their data is there; S3, which ships with its data, when not: then it says so. */
export function scenarios(): readonly string[] {
  if (dataFolder() !== undefined) return ['S1', 'S2'];
  say('no data folder (EDGELOOM_DATA): S1 and S2 cannot be simulated; S3 is measured instead');
  return ['S3'];
}

function dataFolder(): string | undefined {
  const folder = process.env['EDGELOOM_DATA'];
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/** All days of a scenario's cities, simulated or from the cache. */
export async function daysOf(scenario: string, cities: number = CITIES): Promise<Day[]> {
  const encoder = await Encoder.open(SHIPPED);
  const days: Day[] = [];
  for (let city = FIRST_CITY; city < FIRST_CITY + cities; city++) {
    for (let day = 1; day <= DAYS; day++) {
      const started = performance.now();
      days.push(await dayOf(dayOptions(scenario, city, day, dataFolder()), encoder, CACHE));
      const seconds = (performance.now() - started) / 1000;
      if (seconds > 1) say(`${scenario}, city ${city}, day ${day}: simulated in ${seconds.toFixed(1)} s`);
    }
  }
  await encoder.close();
  return days;
}
