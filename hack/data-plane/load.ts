import { Pool } from 'undici';

/** What a number of requests came to. */
export interface Load {
  readonly byRegion: ReadonlyMap<string, number>;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Sends requests to one address under a host name, some at a time, and counts who answered and how quickly. */
export async function load(
  origin: string,
  host: string,
  { requests, connections = 32 }: { requests: number; connections?: number },
): Promise<Load> {
  const pool = new Pool(origin, { connections });
  const byRegion = new Map<string, number>();
  const times: number[] = [];
  let errors = 0;
  let left = requests;
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const since = performance.now();
      const answer = await pool.request({ path: '/', method: 'GET', headers: { host } });
      const text = await answer.body.text();
      times.push(performance.now() - since);
      if (answer.statusCode === 200) byRegion.set(text, (byRegion.get(text) ?? 0) + 1);
      else errors++;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (q: number): number => times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? 0;
  return { byRegion, errors, p50Ms: at(0.5), p95Ms: at(0.95) };
}

/** Pearson's chi-square of counts against shares; groups without a share count as infinitely wrong when somebody answered. */
export function chiSquare(counts: ReadonlyMap<string, number>, shares: ReadonlyMap<string, number>): number {
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  const sum = [...shares.values()].reduce((a, b) => a + b, 0);
  const names = new Set([...counts.keys(), ...shares.keys()]);
  return [...names].reduce((chi, name) => {
    const expected = ((shares.get(name) ?? 0) / sum) * total;
    const seen = counts.get(name) ?? 0;
    if (expected === 0) return seen === 0 ? chi : Infinity;
    return chi + (seen - expected) ** 2 / expected;
  }, 0);
}
