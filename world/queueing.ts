/**
 * Probability that an arrival waits in M/M/c (Erlang C), for `offered` = arrival rate x service time in erlang, below `servers`.
 * Computed through the Erlang B recursion, which does not overflow.
 */
export function erlangC(offered: number, servers: number): number {
  let blocked = 1;
  for (let c = 1; c <= servers; c++) blocked = (offered * blocked) / (c + offered * blocked);
  const utilisation = offered / servers;
  return blocked / (1 - utilisation * (1 - blocked));
}

/** Utilisation from which the backlog of an overloaded queue is counted. */
const STABLE = 0.99;
/** Window over which it grows, seconds. */
const WINDOW_S = 600;

/**
 * Mean wait before service in microseconds, Allen-Cunneen for G/G/c: (ca² + cs²)/2 x the wait of M/M/c; exact for M/M/c.
 * `rate` in requests/s over all servers, `serviceMicros` per request, `ca2` and `cs2` squared coefficients of variation.
 * At and above 100 % there is no equilibrium: then the wait is at most the one at 99 % plus the mean backlog that grows over a
 * window of `windowSeconds` (fluid limit), so the value stays finite and rises with load.
 */
export function queueWait(
  rate: number,
  serviceMicros: number,
  servers = 1,
  ca2 = 1,
  cs2 = 1,
  windowSeconds = WINDOW_S,
): number {
  if (rate <= 0 || serviceMicros <= 0) return 0;
  const utilisation = (rate * serviceMicros) / 1e6 / servers;
  const waitAt = (load: number): number =>
    (((ca2 + cs2) / 2) * erlangC(load * servers, servers) * serviceMicros) / (servers * (1 - load));
  const equilibrium = utilisation < 1 ? waitAt(utilisation) : Infinity;
  if (utilisation <= STABLE) return equilibrium;
  return Math.min(equilibrium, waitAt(STABLE) + ((utilisation - STABLE) * windowSeconds * 1e6) / 2);
}

/**
 * What one more call/s at a replica costs all its calls, microseconds: the derivative of rate x (service + `queueWait`) for M/M/1,
 * S / (1 - ρ)². From 99 % on it goes on as the straight line of the growing backlog, so that it rises with load everywhere and
 * what overflows is shared out by capacity.
 */
export function marginalSojourn(rate: number, serviceMicros: number): number {
  const load = (rate * serviceMicros) / 1e6;
  const idle = 1 - Math.min(load, STABLE);
  const cost = serviceMicros / (idle * idle);
  return load <= STABLE ? cost : cost + (load - STABLE) * WINDOW_S * 1e6;
}
