import type { Observation } from '../orchestrator.ts';

/** Share of a period's requests that miss their limits from which the period is a bad one, and bad ones in a row that count. */
const SHARE = 0.1;
const PERIODS = 3;

/** DAGs that have missed their limits for several periods in a row. Each is told until it is answered, once per window. */
export class Trouble {
  readonly #streak = new Map<string, number>();
  readonly #answered = new Set<string>();
  #last: Observation['dags'] | undefined;

  /** Takes one period in; the DAGs (`namespace/name`) about which something should be done now. */
  observe({ dags }: Observation): ReadonlySet<string> {
    // Right after a disruption telemetry is that of the last period once more.
    const news = dags !== this.#last;
    this.#last = dags;
    for (const { dag, completed, violated } of news ? dags : []) {
      const bad = violated > SHARE * Math.max(1, completed);
      this.#streak.set(dag, bad ? (this.#streak.get(dag) ?? 0) + 1 : 0);
    }
    const lasting = [...this.#streak].filter(([dag, n]) => n >= PERIODS && !this.#answered.has(dag));
    return new Set(lasting.map(([dag]) => dag));
  }

  /** Something was done; it shall show before more is. */
  answered(dag: string): void {
    this.#answered.add(dag);
    this.#streak.set(dag, 0);
  }

  /** A new window begins. */
  forgive(): void {
    this.#answered.clear();
  }
}
