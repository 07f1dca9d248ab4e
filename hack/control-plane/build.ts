import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  BUILD_ENVIRONMENT,
  BUILD_FLAGS,
  fingerprint,
  goModules,
  type Binary,
  type GoModule,
} from './modules.ts';
import { BIN, MODULES } from './paths.ts';
import { deathWish } from './processes.ts';

const run = promisify(execFile);
const PROGRESS_MS = 5000;
const LOCK_POLL_MS = 1000;
const OLDEST_GO_MINOR = 21; // from here on Go fetches the newer toolchain that a module asks for

/** Where to build and with what; tests replace it. */
export interface BuildOptions {
  readonly bin?: string;
  readonly go?: string;
}

/** Builds the servers that are missing or were built from other sources; returns at once when there are none. */
export async function ensureServers(
  progress: (message: string) => void,
  options: BuildOptions = {},
): Promise<void> {
  const bin = options.bin ?? BIN;
  const go = options.go ?? 'go';
  if ((await outdated(bin)).length === 0) return;
  await mkdir(bin, { recursive: true });
  await locked(join(bin, '.lock'), progress, async () => {
    const modules = await outdated(bin);
    if (modules.length === 0) return;
    await checkGo(go);
    const since = performance.now();
    progress(`building the servers into ${bin}; the first time takes about 7 minutes on two cores`);
    for (const [index, module] of modules.entries()) {
      const step = `step ${index + 1} of ${modules.length}, ${module.binaries.map(({ name }) => name).join(' ')}`;
      await build(module, bin, go, (packages) =>
        progress(
          `${step}: ${packages} packages compiled, ${Math.round((performance.now() - since) / 1000)} s`,
        ),
      );
    }
    progress(`servers built in ${Math.round((performance.now() - since) / 1000)} s`);
  });
}

/** The modules of which a program is missing or not what the sources say. */
async function outdated(bin: string): Promise<GoModule[]> {
  const modules = goModules();
  const fresh = await Promise.all(modules.map((module) => isFresh(module, bin)));
  return modules.filter((_, index) => fresh[index] !== true);
}

async function isFresh(module: GoModule, bin: string): Promise<boolean> {
  const mark = fingerprint(module);
  const checks = module.binaries.map(async (binary) => {
    if (!existsSync(join(bin, binary.name))) return false;
    const stamp = await readFile(stampFile(bin, binary), 'utf8').catch(() => undefined);
    return stamp === undefined ? adopt(binary, bin, mark) : stamp.trim() === mark;
  });
  return (await Promise.all(checks)).every(Boolean);
}

/** A program without a stamp, put there by hand, is taken when it answers with the pinned version. */
async function adopt(binary: Binary, bin: string, mark: string): Promise<boolean> {
  try {
    const { stdout } = await run(join(bin, binary.name), [...binary.versionCommand]);
    const said = stdout.match(/v?\d+\.\d+\.\d+[^\s,]*/)?.[0];
    if (said !== binary.version) return false;
    await writeFile(stampFile(bin, binary), `${mark}\n`);
    return true;
  } catch {
    return false;
  }
}

async function checkGo(go: string): Promise<void> {
  const next =
    'the local cluster is built from source once. Install Go 1.26 or newer from your system packages or its ' +
    'official downloads, see that "go version" works, then run: edgeloom cluster build. Planning, simulation and unit tests need no Go';
  let text = '';
  try {
    text = (await run(go, ['version'])).stdout;
  } catch {
    throw new Error(`Go is missing: ${next}`);
  }
  const minor = Number(text.match(/go1\.(\d+)/)?.[1] ?? 0);
  if (minor < OLDEST_GO_MINOR) throw new Error(`${text.trim()} is too old: ${next}`);
}

async function build(
  module: GoModule,
  bin: string,
  go: string,
  report: (packages: number) => void,
): Promise<void> {
  // Built aside and moved into place: a running cluster keeps the file that it has open.
  const fresh = join(bin, '.new');
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  // Go names the programs itself when there are several; alone, it would call etcd "server".
  const [first] = module.binaries;
  const output = module.binaries.length === 1 && first !== undefined ? join(fresh, first.name) : `${fresh}/`;
  await goBuild(module, output, go, report);
  const mark = fingerprint(module);
  for (const binary of module.binaries) {
    await rm(stampFile(bin, binary), { force: true });
    await rename(join(fresh, binary.name), join(bin, binary.name));
    await writeFile(stampFile(bin, binary), `${mark}\n`);
  }
  await rm(fresh, { recursive: true, force: true });
}

async function goBuild(
  module: GoModule,
  output: string,
  go: string,
  report: (packages: number) => void,
): Promise<void> {
  const sources = module.binaries.map(({ source }) => source);
  const args = ['build', ...BUILD_FLAGS, '-ldflags', module.linkerFlags, '-o', output, ...sources];
  const [program = go, ...argv] = [...deathWish(), go, ...args];
  const child = spawn(program, argv, {
    cwd: join(MODULES, module.folder),
    env: { ...process.env, ...BUILD_ENVIRONMENT },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  const timer = setInterval(() => report(lines.length), PROGRESS_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  }).finally(() => clearInterval(timer));
  if (code === 0) return report(lines.length);
  const end = lines.slice(-12).map((line) => `  ${line}`);
  throw new Error(
    `go build failed in hack/control-plane/${module.folder} (exit code ${code}); the last lines:\n${end.join('\n')}\n` +
      'If modules could not be fetched, check the network and GOPROXY; then run: edgeloom cluster build',
  );
}

/** Runs `work` while no other process does; a lock whose holder is gone is taken over. */
async function locked(
  file: string,
  progress: (message: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  for (let told = false; ; told = true) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      const holder = Number(await readFile(file, 'utf8').catch(() => '0'));
      if (!isAlive(holder)) await rm(file, { force: true });
      else if (!told) progress(`waiting for process ${holder}, which builds the servers`);
      await sleep(LOCK_POLL_MS);
    }
  }
  try {
    await work();
  } finally {
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

const stampFile = (bin: string, { name }: Binary): string => join(bin, `${name}.stamp`);
