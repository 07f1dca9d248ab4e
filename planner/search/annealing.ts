import type { Evaluator } from '#world/evaluator.ts';
import { hostsFor } from './partial.ts';
import { randomFrom } from './random.ts';

/** First and last temperature, as shares of the start's value: a move that costs this much is taken with probability 1/e. */
const HOT = 0.3;
const COLD = 1e-4;
/** A step costs at most this many first temperatures: barriers of hard limits are high, not endless, while it is hot. */
const BARRIER = 3;
/** What a start that breaks a hard limit is taken to be worth otherwise. */
const PLAIN = { utility: 1, latency: 100_000 } as const;
/** Share of proposals that swap two replicas; the others move one to a random host. */
const SWAPS = 0.2;

/**
 * Simulated annealing (Kirkpatrick et al. 1983): moves and swaps from a start placement under geometric cooling, for exactly
 * `evaluations` proposals, so that the same input gives the same answer on any machine. The best placement seen, never worse
 * than the start. Fixed tasks stay. No descent, no neighbourhood that knows the graph: a yardstick for `localSearch`.
 */
export function annealing(
  evaluator: Evaluator,
  start: Int32Array,
  evaluations: number,
  fixed?: Int32Array,
): Int32Array {
  const { instance } = evaluator;
  const random = randomFrom(start.reduce((seed, host) => Math.imul(seed, 31) + host, 23));
  const movable = [...start.keys()].filter((task) => (fixed?.[task] ?? -1) < 0);
  const best = start.slice();
  const current = start.slice();
  let value = evaluator.value(start);
  let least = value;
  const scale = evaluator.broken > 0 ? PLAIN[evaluator.objective] : Math.abs(value);
  const hot = scale * HOT;
  const cooling = Math.log(COLD / HOT);
  const takes = (task: number, host: number): boolean =>
    instance.services[instance.serviceOf[task] ?? 0]?.hosts.includes(host) === true;
  for (let step = 0; step < evaluations && movable.length > 0; step++) {
    const temperature = hot * Math.exp((step / evaluations) * cooling);
    const task = movable[Math.floor(random() * movable.length)] ?? 0;
    const other = movable[Math.floor(random() * movable.length)] ?? 0;
    const [here, there] = [current[task] ?? 0, current[other] ?? 0];
    if (random() < SWAPS) {
      if (here === there || !takes(task, there) || !takes(other, here)) continue;
      current[task] = there;
      current[other] = here;
    } else {
      const hosts = hostsFor(instance, task, fixed);
      const host = hosts[Math.floor(random() * hosts.length)] ?? here;
      if (host === here) continue;
      current[task] = host;
    }
    const next = evaluator.value(current);
    if (next <= value || random() < Math.exp(-Math.min(next - value, BARRIER * hot) / temperature)) {
      value = next;
      if (next < least) {
        least = next;
        best.set(current);
      }
    } else {
      current[other] = there;
      current[task] = here;
    }
  }
  return best;
}
