import type { DataFolder } from '../folder.ts';
import { problemAt } from '../folder.ts';
import { linesOf } from './lines.ts';

const WORLD_CUP = { set: 'arrivals-worldcup98', file: 'invocation_count_until_0619.csv.gz' } as const;

/** Longest run of minutes that the recording may leave out; it has seven of one to three. */
const LONGEST_HOLE = 10;

/**
 * Requests per minute of the World Cup's web site: that many minutes from `from` (`1998-06-10 00:00`) on. A minute that is not in
 * the recording had no requests. Throws an `InputError` when the recording does not cover them.
 */
export function worldCupMinutes(folder: DataFolder, from: string, minutes: number): Float64Array {
  const file = `${WORLD_CUP.set}/${WORLD_CUP.file}`;
  const lines = linesOf(folder.text(WORLD_CUP.set, WORLD_CUP.file), file, {
    separator: ',',
    cells: 2,
    header: 'period,count',
  });
  const begin = Date.parse(`${from.replace(' ', 'T')}:00Z`) / 60_000;
  const counts = new Float64Array(minutes);
  let before = Number.NaN;
  let first = Number.NaN;
  for (const line of lines) {
    const minute = line.moment(0, 'period') / 60;
    if (Number.isNaN(before)) first = minute;
    else if (minute <= before || minute - before > LONGEST_HOLE)
      throw line.wrong('period', `is ${minute - before} minutes after the row before`);
    before = minute;
    const count = line.amount(1, 'count', 0, 1e9);
    if (minute >= begin && minute < begin + minutes) counts[minute - begin] = count;
  }
  if (Number.isNaN(begin) || begin < first || begin + minutes - 1 > before)
    throw problemAt(
      file,
      0,
      '',
      `does not have all ${minutes} minutes from ${from} on`,
      'it ends with 19 June 1998: begin earlier, or take fewer minutes',
    );
  if (!counts.some((count) => count > 0))
    throw problemAt(file, 0, '', `has no request in the ${minutes} minutes from ${from} on`, 'take others');
  return counts;
}

const AZURE = { set: 'arrivals-azure-functions', file: '1350_inv.csv.gz' } as const;

const MINUTES_A_DAY = 1440;
const HASHES = 3;

/** Calls per minute over a day of every recorded function that was called at least so often. */
export function azureMinutes(folder: DataFolder, leastInvocations: number): readonly Float64Array[] {
  const file = `${AZURE.set}/${AZURE.file}`;
  const names = Array.from({ length: MINUTES_A_DAY }, (_, i) => `minute_${i + 1}`);
  const rows = linesOf(folder.text(AZURE.set, AZURE.file), file, {
    separator: ',',
    cells: HASHES + MINUTES_A_DAY,
    header: ['HashFunction', 'HashOwner', 'HashApp', ...names].join(','),
  }).map((line) => Float64Array.from(names, (name, i) => line.amount(HASHES + i, name, 0, 1e9)));
  const busy = rows.filter((row) => row.reduce((a, b) => a + b, 0) >= leastInvocations);
  if (busy.length > 0) return busy;
  throw problemAt(file, 0, '', `no function was called ${leastInvocations} times`, 'lower leastInvocations');
}
