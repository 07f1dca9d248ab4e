import { pino } from 'pino';

/** What this folder asks of a logger; a pino logger is one. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The same log with fields that every line carries. */
  child(fields: Record<string, unknown>): Log;
}

/** JSON lines on stderr, at the level that EDGELOOM_LOG names (default info). */
export function createLog(component: string): Log {
  const asked = process.env['EDGELOOM_LOG'] ?? 'info';
  const options = {
    level: asked === 'silent' || asked in pino.levels.values ? asked : 'info',
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Synchronous: the last line before a crash is the one that matters.
  return pino(options, pino.destination({ fd: 2, sync: true }));
}

const nothing = (): void => undefined;

/** Says nothing. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};
