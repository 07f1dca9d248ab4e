import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const BIN = join(HERE, '../../.cache/bin');

/**
 * Builds Prometheus from the Go module that go.mod beside this file pins and go.sum verifies; at once when it is there. Service
 * discovery other than files and static targets is left out: with it the build takes several times as long. Returns its path.
 */
export function ensurePrometheus(progress: (message: string) => void): string {
  const module = /prometheus\/prometheus (v0\.(\d)(\d\d)\.(\d+))/.exec(
    readFileSync(join(HERE, 'go.mod'), 'utf8'),
  );
  const [, version = '', major = '', minor = '', patch = ''] = module ?? [];
  const binary = join(BIN, `prometheus-${version}`);
  if (existsSync(binary)) return binary;
  progress('building Prometheus; the first time takes about 2 minutes on two cores');
  const name = `github.com/prometheus/common/version.Version=${major}.${Number(minor)}.${patch}`;
  const flags = ['-tags', 'remove_all_sd', '-trimpath', '-ldflags', `-s -w -X ${name}`];
  const fresh = `${binary}.${process.pid}`;
  const source = 'github.com/prometheus/prometheus/cmd/prometheus';
  const done = spawnSync('go', ['build', ...flags, '-o', fresh, source], {
    cwd: HERE,
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  if (done.status !== 0) {
    const why = (done.stderr || String(done.error)).trim();
    throw new Error(`Prometheus cannot be built: ${why}; it needs Go 1.26 and GOPROXY`);
  }
  renameSync(fresh, binary);
  return binary;
}
