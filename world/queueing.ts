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

/** Utilisation above which a queue is treated as filling up instead of in equilibrium. */
const STABLE = 0.99;

/**
 * Mean wait before service in microseconds, Allen-Cunneen for G/G/c: (ca² + cs²)/2 x the wait of M/M/c; exact for M/M/c.
 * `rate` in requests/s over all servers, `serviceMicros` per request, `ca2` and `cs2` squared coefficients of variation.
 * Above 99 % utilisation there is no equilibrium: the wait is the one at 99 % plus the mean backlog that grows over a window
 * of `windowSeconds` (fluid limit), so the value stays finite and rises with load.
 */
export function queueWait(
  rate: number,
  serviceMicros: number,
  servers = 1,
  ca2 = 1,
  cs2 = 1,
  windowSeconds = 600,
): number {
  if (rate <= 0 || serviceMicros <= 0) return 0;
  const offered = (rate * serviceMicros) / 1e6;
  const utilisation = Math.min(offered / servers, STABLE);
  const wait = (erlangC(utilisation * servers, servers) * serviceMicros) / (servers * (1 - utilisation));
  const overload = Math.max(0, offered / servers - STABLE);
  return ((ca2 + cs2) / 2) * wait + (overload * windowSeconds * 1e6) / 2;
}
