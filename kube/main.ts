/** A long-running part of a process: a watch, a controller, a server. */
export type Part = (signal: AbortSignal) => Promise<void>;

/** Aborts on the first SIGTERM or SIGINT; a second one kills, as people expect of Ctrl-C. */
export function untilStopped(): AbortSignal {
  const stop = new AbortController();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const onSignal = (name: NodeJS.Signals): void => {
    for (const other of signals) process.off(other, onSignal);
    stop.abort(new Error(`stopped by ${name}`));
  };
  for (const name of signals) process.on(name, onSignal);
  return stop.signal;
}

/**
 * Runs the parts until the signal aborts. When one fails or ends early, the
 * others are stopped too: half a process that looks healthy is worse than a
 * restart. Rejects with the first failure after all parts have ended.
 */
export async function runParts(signal: AbortSignal, parts: readonly Part[]): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const failures: unknown[] = [];
  const watched = parts.map(async (part) => {
    try {
      await part(both);
      if (!both.aborted) throw new Error('a part ended before it was asked to');
    } catch (error) {
      // A part that passes on why it was stopped has not failed.
      if (error !== both.reason) failures.push(error);
      failed.abort(error);
    }
  });
  await Promise.all(watched);
  if (failures.length > 0) throw failures[0];
}
