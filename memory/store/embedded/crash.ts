import { spawn } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { TEST_ENCODER, traceOf } from '#memory/test-traces.ts';
import { openEmbedded } from './embedded-store.ts';

/** What a store looks like after its writers were killed. */
export interface Survival {
  readonly kills: number;
  /** Traces that `put` said were there, over all rounds. */
  readonly acknowledged: number;
  /** Of those, how many were not there afterwards, or not whole. */
  readonly lost: number;
  /** Rounds after which SQLite's integrity check found something. */
  readonly damaged: number;
}

/** Starts a writer, kills it with SIGKILL while it writes, looks at the file; `kills` times on one file. */
export async function survival(path: string, kills: number): Promise<Survival> {
  let acknowledged = 0;
  let lost = 0;
  let damaged = 0;
  for (let round = 0; round < kills; round++) {
    const until = await killedWriter(path, acknowledged, 5 + ((round * 37) % 120));
    const store = await openEmbedded({ path, space: { dimension: 16, encoderVersion: TEST_ENCODER } });
    for (let n = acknowledged; n < until; n++) {
      const trace = traceOf(n);
      const [back] = await store.get('arena', [trace.id]);
      if (!isDeepStrictEqual(back, trace)) lost++;
    }
    if ((await store.check(false)).length > 0 || (await store.stats()).traces < until) damaged++;
    acknowledged = until;
    await store.close();
  }
  return { kills, acknowledged, lost, damaged };
}

/** How far the writer had been told that its traces are there when it was killed, `afterMs` after its first. */
function killedWriter(path: string, first: number, afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const program = new URL('./crash-writer.ts', import.meta.url).pathname;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', program, path, String(first)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    let armed = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (armed || said.split('\n').length < 3) return;
      armed = true;
      setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== null) return reject(new Error(`the writer stopped by itself with ${code}`));
      // The last line may be cut: what counts is the last whole one.
      resolve(Number(said.split('\n').at(-2)));
    });
  });
}
