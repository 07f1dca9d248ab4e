import type { Evaluator } from '#world/evaluator.ts';
import { wholeParts } from '#world/whole-parts.ts';

/** A choice for one replica. */
export interface RankedNode {
  readonly node: string;
  /** Share of preference; the choices of a replica sum to 1,000,000 (p of Eq. 6). */
  readonly sharePpm: number;
}

/** How fast preference falls with loss: a choice that costs 10 % more than the best gets 1/e of its share. */
const SHARPNESS = 10;

/**
 * For each replica (`microservice/replica`) its node and the next best in the same region, each judged with all other
 * replicas in place. A choice that would break a hard limit is not named; a fixed replica keeps its one node.
 */
export function rankNodes(
  evaluator: Evaluator,
  assign: Int32Array,
  count: number,
  fixed?: Int32Array,
): Map<string, RankedNode[]> {
  const { instance } = evaluator;
  const { hosts } = instance.snapshot;
  const base = evaluator.value(assign);
  const trial = assign.slice();
  const ranking = new Map<string, RankedNode[]>();
  for (const service of instance.services) {
    for (let r = 0; r < service.replicas; r++) {
      const task = service.firstTask + r;
      const home = assign[task] ?? 0;
      const others: { host: number; loss: number }[] = [];
      if (count > 1 && (fixed?.[task] ?? -1) < 0) {
        for (const host of service.hosts) {
          if (host === home || hosts[host]?.region !== hosts[home]?.region) continue;
          trial[task] = host;
          const loss = (evaluator.value(trial) - base) / Math.max(Math.abs(base), 1e-9);
          if (loss < HARD_LOSS) others.push({ host, loss: Math.max(0, loss) });
        }
        trial[task] = home;
      }
      others.sort((a, b) => a.loss - b.loss || a.host - b.host);
      const chosen = [{ host: home, loss: 0 }, ...others.slice(0, count - 1)];
      const shares = wholeParts(
        chosen.map(({ loss }) => Math.exp(-SHARPNESS * loss)),
        1_000_000,
      );
      ranking.set(
        `${service.name}/${r}`,
        chosen.map(({ host }, i) => ({ node: hosts[host]?.name ?? '', sharePpm: shares[i] ?? 0 })),
      );
    }
  }
  return ranking;
}

/** A broken hard limit costs orders of magnitude more than the whole plan. */
const HARD_LOSS = 100;
