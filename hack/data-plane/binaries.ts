import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const CACHE = join(HERE, '../../.cache');

/** Both ends of the calls, built from the module in traffic/. */
export const TRAFFIC = join(CACHE, 'bin/traffic');

/** Programs and definitions of the data plane. */
export interface DataPlane {
  readonly envoyGateway: string;
  readonly envoy: string;
  /** Folder with Envoy Gateway's own definitions. */
  readonly definitions: string;
}

function run(command: string, args: readonly string[], why: string, cwd = HERE): string {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  if (done.status === 0) return done.stdout;
  throw new Error(`${command} ${args.join(' ')}: ${(done.stderr || String(done.error)).trim()}; ${why}`);
}

/** Where stock Envoy is, once it was fetched. */
const ENVOY = join(CACHE, 'envoy/envoy/_bin/envoy');

/** Why stock Envoy cannot be had here; undefined when it can, or is there. Go and npm do not bring it: Python's pip does. */
export function envoyObstacle(): string | undefined {
  if (existsSync(ENVOY)) return undefined;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'Envoy is packed for Linux on x86-64 only';
  const done = spawnSync('python3', ['-m', 'pip', '--version'], { encoding: 'utf8' });
  return done.status === 0 ? undefined : `no Python with pip: ${(done.stderr || String(done.error)).trim()}`;
}

/** Builds Envoy Gateway from its Go module and brings stock Envoy, each pinned and verified; at once when they are there. */
export function ensureDataPlane(progress: (message: string) => void): DataPlane {
  const version = /envoyproxy\/gateway (v\S+)/.exec(readFileSync(join(HERE, 'go.mod'), 'utf8'))?.[1];
  const envoyGateway = join(CACHE, 'bin', `envoy-gateway-${version}`);
  if (!existsSync(envoyGateway)) {
    progress('building Envoy Gateway; the first time takes about 3 minutes on two cores');
    const name = `-s -w -X github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion=${version}`;
    const source = 'github.com/envoyproxy/gateway/cmd/envoy-gateway';
    run(
      'go',
      ['build', '-trimpath', '-ldflags', name, '-o', envoyGateway, source],
      'it needs Go 1.26 and GOPROXY',
    );
  }
  if (!existsSync(TRAFFIC)) progress('building the callers and replicas');
  // Go builds only what has changed.
  const plain = ['build', '-trimpath', '-ldflags', '-s -w', '-o', TRAFFIC, '.'];
  run('go', plain, 'it needs Go 1.26 and GOPROXY', join(HERE, 'traffic'));
  if (!existsSync(ENVOY)) {
    progress('fetching Envoy');
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--require-hashes',
      '--target',
      join(CACHE, 'envoy'),
      '-r',
      'requirements.txt',
    ];
    run('python3', args, 'it needs Python with pip, on Linux x86-64');
  }
  const module = run(
    'go',
    ['list', '-m', '-f', '{{.Dir}}', 'github.com/envoyproxy/gateway'],
    'it needs Go',
  ).trim();
  return {
    envoyGateway,
    envoy: ENVOY,
    definitions: join(module, 'charts/gateway-helm/charts/crds/crds/generated'),
  };
}
