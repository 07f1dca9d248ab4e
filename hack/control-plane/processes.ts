import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';

/** A server that runs, or ran. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly alive: boolean;
  /** Why it ended: "exit code 1" or "signal SIGKILL"; undefined while it runs. */
  readonly ended: string | undefined;
  /** Ends it with SIGKILL and waits until it is gone: a polite stop of kube-apiserver takes a minute. */
  kill(): Promise<void>;
}

/**
 * The processes of one cluster. None of them outlives this process, however it ends:
 * the kernel kills them with it where that can be asked for (Linux), and a watchdog, a shell that
 * waits for our end of a pipe to close, kills them everywhere else. They lead sessions of their own,
 * so that a Ctrl-C meant for us reaches us alone.
 */
export class ProcessGroup {
  readonly #running = new Map<number, ChildProcess>();
  readonly #watchdog: ChildProcess;
  readonly #atExit = (): void => this.#killNow();
  readonly #prefix: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #closed = false;

  /**
   * `env` is added to this process's environment. `prefix` goes before every command; tests leave it out to see the watchdog
   * work alone.
   */
  constructor(env: Readonly<Record<string, string>> = {}, prefix: readonly string[] = deathWish()) {
    this.#env = env;
    this.#prefix = prefix;
    this.#watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'edgeloom-watchdog'], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#watchdog.stdin?.on('error', () => undefined); // it died first: the next line still kills at exit
    this.#watchdog.unref();
    process.on('exit', this.#atExit);
  }

  /** Starts a program whose output goes to `logFile`. `onExit` hears of an end that nobody asked for. */
  start(
    name: string,
    command: readonly string[],
    logFile: string,
    onExit?: (ended: Running) => void,
  ): Running {
    if (this.#closed) throw new Error(`cannot start ${name}: the cluster is stopped`);
    const [binary = name] = command;
    if (!existsSync(binary))
      throw new Error(`${name} cannot start: ${binary} is missing; run: edgeloom cluster build`);
    const [program = binary, ...argv] = [...this.#prefix, ...command];
    const log = openSync(logFile, 'a');
    const env = { ...process.env, ...this.#env };
    const child = spawn(program, argv, { detached: true, env, stdio: ['ignore', log, log] });
    closeSync(log);
    if (child.pid === undefined) {
      child.on('error', () => undefined);
      throw new Error(
        `${name} cannot start: ${binary} cannot be run; remove it, then run: edgeloom cluster build`,
      );
    }
    const pid = child.pid;
    this.#running.set(pid, child);
    this.#tellWatchdog();
    let asked = false;
    const running: Running = {
      name,
      pid,
      logFile,
      get alive() {
        return child.exitCode === null && child.signalCode === null;
      },
      get ended() {
        if (child.signalCode !== null) return `signal ${child.signalCode}`;
        return child.exitCode === null ? undefined : `exit code ${child.exitCode}`;
      },
      kill: async () => {
        asked = true;
        await end(child);
      },
    };
    child.once('exit', () => {
      this.#running.delete(pid);
      this.#tellWatchdog();
      if (!asked && !this.#closed) onExit?.(running);
    });
    return running;
  }

  /** Ends every process, waits for each, and dismisses the watchdog. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map(end));
    process.off('exit', this.#atExit);
    this.#watchdog.stdin?.end();
  }

  #tellWatchdog(): void {
    this.#watchdog.stdin?.write(`${[...this.#running.keys()].join(' ')}\n`);
  }

  #killNow(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL');
  }
}

// Each line is the whole list of processes; when the pipe closes, the last list is killed.
const WATCHDOG = `trap '' HUP INT TERM; while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids`;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

let wish: readonly string[] | undefined;

/** The prefix that makes the kernel kill a process when its parent ends; empty where there is none. */
export function deathWish(): readonly string[] {
  const prefix = ['setpriv', '--pdeathsig', 'KILL', '--'];
  wish ??=
    process.platform === 'linux' && spawnSync('setpriv', [...prefix.slice(1), 'true']).status === 0
      ? prefix
      : [];
  return wish;
}

/** The last lines of a log, indented, for an error message. */
export function lastLines(logFile: string, count = 8): string {
  let text = '';
  try {
    text = readFileSync(logFile, 'utf8');
  } catch {
    return '  (no log)';
  }
  const lines = text.trimEnd().split('\n').slice(-count);
  return lines.map((line) => `  ${line.slice(0, 400)}`).join('\n');
}
