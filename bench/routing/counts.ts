import { chiSquare } from '#hack/data-plane/load.ts';
import { send } from '#hack/data-plane/traffic.ts';
import type { Order } from '#hack/data-plane/traffic.ts';
import { figure, mean } from '../report.ts';
import type { Figure } from '../report.ts';
import { say } from '../cluster/load.ts';

/** Wanted of every live split. */
export const WANTED = { near: 70, mid: 20, far: 10 } as const;
const RUNS = 10;
const CALLS = 10_000;
/** The sum of ten chi-squares with 2 degrees of freedom each has 20: exceeded by chance once in a thousand benches. */
const SUM_LIMIT = 45.3;

/**
 * Ten runs of 10,000 calls against 70 : 20 : 10. Independent draws give chi-squares of mean 2; their sum is tested, because the
 * largest of ten says little. A split that is more even than draws (round robin) has a smaller sum and passes.
 */
export async function splitFigures(name: string, order: Order): Promise<Figure[]> {
  const chis: number[] = [];
  let errors = 0;
  let seconds = 0;
  for (let run = 0; run < RUNS; run++) {
    const seen = await send({ ...order, calls: CALLS });
    errors += seen.errors;
    seconds += seen.seconds;
    if (seen.errors > 0) say(`${name}: ${JSON.stringify(seen.byError)}`);
    chis.push(chiSquare(new Map(Object.entries(seen.byName)), new Map(Object.entries(WANTED))));
  }
  const sum = chis.reduce((a, b) => a + b, 0);
  say(`${name}: chi2 mean ${mean(chis).toFixed(2)}, ${Math.round((RUNS * CALLS) / seconds)} calls/s`);
  return [
    figure(`${name}.chi2.sum`, sum, 'chi2(20)', `<= ${SUM_LIMIT}`, RUNS),
    figure(`${name}.errors`, errors, 'calls', '<= 0', RUNS * CALLS),
  ];
}

/** Calls that a group of weight 0 receives, of 10,000. */
export async function zeroFigure(name: string, order: Order, group: string): Promise<Figure> {
  const { byName } = await send({ ...order, calls: CALLS });
  return figure(`${name}.zero`, byName[group] ?? 0, 'calls', '<= 0', CALLS);
}
