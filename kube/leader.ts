import { type Clock, systemClock } from './clock.ts';
import { LeaseClaim } from './lease.ts';
import { LeaseLost } from './lease-lost.ts';
import { type Log, silentLog } from './log.ts';
import type { Transport } from './transport.ts';

/** Who stands for election, and for which Lease. */
export interface LeaderOptions {
  transport: Transport;
  namespace: string;
  name: string;
  /** Unique to this process: a pod name is, a host name is not. */
  identity: string;
  durationMs?: number;
  renewDeadlineMs?: number;
  retryMs?: number;
  clock?: Clock;
  log?: Log;
}

/** Election is not fencing: a write sent just before the loss may still land after it. */
type Run = (signal: AbortSignal) => Promise<void>;

interface Election {
  claim: LeaseClaim;
  clock: Clock;
  log: Log;
  durationMs: number;
  renewDeadlineMs: number;
  retryMs: number;
}

/**
 * Runs `run` while this process holds the Lease. `stopped`: the signal aborted
 * or `run` ended, and the Lease was given back. `lost`: somebody else may hold
 * it, `run` was aborted with `LeaseLost`, and the process should exit.
 */
export async function lead(
  options: LeaderOptions,
  run: Run,
  signal: AbortSignal,
): Promise<'stopped' | 'lost'> {
  const election = electionOf(options);
  const { claim, log } = election;
  const heldMs = await acquire(election, signal);
  if (heldMs === undefined) return 'stopped';
  log.info({ lease: options.name, identity: options.identity }, 'leading');

  const stop = new AbortController();
  const ended = new AbortController();
  const forward = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', forward, { once: true });
  if (signal.aborted) forward();
  const running = start(run, stop.signal).finally(() => ended.abort());
  running.catch(() => undefined); // awaited below, after the Lease is settled

  // The Lease is renewed until `run` has ended, so that its last writes are covered too.
  const lastHeldMs = await keep(election, heldMs, ended.signal);
  signal.removeEventListener('abort', forward);
  if (lastHeldMs === undefined) {
    await within(election, election.retryMs, claim.release());
    await running;
    return 'stopped';
  }
  log.error({ lease: options.name, holder: claim.holder }, 'lost the lease');
  stop.abort(new LeaseLost(`lost the lease ${options.namespace}/${options.name}`));
  // From then on the next leader may write; nobody waits for a `run` that ignores its signal.
  const leftMs = Math.max(0, lastHeldMs + election.durationMs - election.clock.now());
  await Promise.race([running, election.clock.sleep(leftMs, ended.signal)]).catch(() => undefined);
  return 'lost';
}

function electionOf(options: LeaderOptions): Election {
  // 15 s lease, 10 s to renew: one slow answer must not cost us the lease.
  const { durationMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2_000 } = options;
  if (!(retryMs < renewDeadlineMs && renewDeadlineMs < durationMs)) {
    throw new Error('an election needs retryMs < renewDeadlineMs < durationMs');
  }
  const clock = options.clock ?? systemClock;
  const { transport, namespace, name, identity } = options;
  const claim = new LeaseClaim({ transport, namespace, name, identity, durationMs, clock });
  const log = options.log ?? silentLog;
  return { claim, clock, log, durationMs, renewDeadlineMs, retryMs };
}

/** Candidates until we hold the Lease; since when we do, or undefined when stopped before. */
async function acquire(election: Election, signal: AbortSignal): Promise<number | undefined> {
  const { claim, clock, retryMs } = election;
  while (!signal.aborted) {
    const sentMs = election.clock.now();
    if ((await within(election, election.renewDeadlineMs, claim.take())) === true) return sentMs;
    // Jitter, or candidates that started together collide for ever.
    await clock.sleep(retryMs * (1 + clock.random() * 0.2), signal).catch(() => undefined);
  }
  return undefined;
}

/** Renews until `ended` (undefined) or the loss: then the time we last surely held the Lease. */
async function keep(election: Election, sinceMs: number, ended: AbortSignal): Promise<number | undefined> {
  const { clock, claim, retryMs, renewDeadlineMs } = election;
  let heldMs = sinceMs;
  for (;;) {
    const untilMs = heldMs + renewDeadlineMs;
    const waitMs = Math.min(retryMs, Math.max(0, untilMs - clock.now()));
    await clock.sleep(waitMs, ended).catch(() => undefined);
    if (ended.aborted) return undefined;
    // What counts is when the renewal was sent: that is the latest that others saw a change.
    const sentMs = clock.now();
    if (sentMs >= untilMs) return heldMs;
    const renewed = await within(election, untilMs - sentMs, claim.take());
    if (renewed === true) heldMs = sentMs;
    else if (claim.isTaken) return heldMs;
  }
}

/** What the work resolves to; undefined when it failed, or not in time. */
async function within<T>({ clock, log }: Election, ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, late]);
  } catch (err) {
    log.warn({ err }, 'cannot read or write the lease');
    return undefined;
  } finally {
    over.abort();
  }
}

async function start(run: Run, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await run(signal);
}
