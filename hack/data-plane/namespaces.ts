import { spawnSync } from 'node:child_process';

/** `/run` is for the names of more namespaces (hack/delay). */
const SCRIPT =
  'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && ip addr add 192.0.2.1/32 dev lo && ip route add default dev lo src 192.0.2.1; exec "$@"';

/** Whether this process runs in namespaces of its own. */
export const isInside = (): boolean => process.env['IN_NAMESPACE'] === 'yes';

/**
 * Runs a program of ours again in network and mount namespaces of its own: what it does to addresses, routes and ports does not touch
 * the machine's. There is no way out: fetch and build before. Returns its exit code, and its output when that is not to be shown.
 */
export function runInside(
  file: string,
  args: readonly string[],
  show: boolean,
): { code: number; out: string } {
  const again = [process.execPath, ...process.execArgv, file, ...args];
  const namespaces = ['--user', '--map-root-user', '--net', '--mount'];
  const done = spawnSync('unshare', [...namespaces, '/bin/sh', '-c', SCRIPT, 'inside', ...again], {
    stdio: ['ignore', show ? 'inherit' : 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, IN_NAMESPACE: 'yes' },
  });
  return { code: done.status ?? 1, out: done.stdout ?? '' };
}

/** Takes an address away again. */
export function disown(address: string): void {
  spawnSync('ip', ['addr', 'del', `${address}/32`, 'dev', 'lo']);
}

/** Gives this namespace's loopback an address, on which it takes connections. */
export function own(address: string): void {
  spawnSync('ip', ['addr', 'add', `${address}/32`, 'dev', 'lo']);
}
