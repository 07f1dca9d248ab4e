import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const HERE = import.meta.dirname;
const LIBRARIES = resolve(HERE, '../../../../.cache/neo4j/lib');

/** A Neo4j server of a test's own. */
export interface BoltServer {
  readonly url: string;
  stop(): Promise<void>;
  /** As a lost machine: no goodbye. */
  kill(): Promise<void>;
}

/** Why no server can be had here; undefined when one can. */
export function missing(): string | undefined {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < 17) return 'Java 17 or later is not there';
  if (existsSync(LIBRARIES)) return undefined;
  return spawnSync('mvn', ['-v']).status === 0
    ? undefined
    : 'Maven is not there, which brings Neo4j into .cache/neo4j';
}

/** Brings the libraries when they are not there (128 MB, once), and starts Neo4j on a folder of its own: some 7 seconds. */
export async function startNeo4j(): Promise<BoltServer> {
  bringLibraries();
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-neo4j-'));
  const child = spawn('java', ['-Xmx512m', '-cp', join(LIBRARIES, '*'), join(HERE, 'Bolt.java'), folder], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const port = await portOf(child);
  const ended = new Promise<void>((done) => void child.once('close', () => done()));
  const end = async (how: () => void): Promise<void> => {
    how();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: `bolt://127.0.0.1:${port}`,
    stop: () => end(() => child.stdin?.end()),
    kill: () => end(() => void child.kill('SIGKILL')),
  };
}

function bringLibraries(): void {
  if (existsSync(LIBRARIES)) return;
  const parts = `${LIBRARIES}.${process.pid}`;
  mkdirSync(parts, { recursive: true });
  execFileSync(
    'mvn',
    ['-q', '-B', '-f', join(HERE, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${parts}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (existsSync(LIBRARIES) || readdirSync(parts).length === 0) rmSync(parts, { recursive: true });
  else renameSync(parts, LIBRARIES);
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    let said = '';
    const hear = (text: Buffer): void => {
      said += text.toString();
      const port = /^port (\d+)$/m.exec(said)?.[1];
      if (port !== undefined) done(Number(port));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', fail);
    child.once('close', (code) => fail(new Error(`Neo4j ended with ${code}: ${said.slice(-2000)}`)));
  });
}
