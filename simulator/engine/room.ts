import type { Service } from './application.ts';
import type { Infrastructure } from './infrastructure.ts';

/** What replicas hold on hosts, against what the hosts have. */
export class Room {
  /** Held per host and resource, base units. */
  readonly used: Float64Array;
  readonly #allocatable: Float64Array;

  constructor({ whole }: Infrastructure) {
    this.#allocatable = whole.allocatable;
    this.used = new Float64Array(whole.allocatable.length);
  }

  /** Whether another replica of the service has room on the host. */
  fits({ request }: Service, host: number): boolean {
    const first = host * request.length;
    return request.every(
      (amount, r) => (this.used[first + r] ?? 0) + amount <= (this.#allocatable[first + r] ?? 0),
    );
  }

  /** Takes (1) or gives back (-1) what a replica of the service asks for. */
  hold({ request }: Service, host: number, sign: 1 | -1): void {
    const first = host * request.length;
    for (const [r, amount] of request.entries())
      this.used[first + r] = (this.used[first + r] ?? 0) + sign * amount;
  }
}
