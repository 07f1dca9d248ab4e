import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The folder with the Gateway API's standard definitions, from the Go module that go.mod beside this file pins and go.sum verifies. */
export function gatewayApiDefinitions(): string {
  const done = spawnSync('go', ['mod', 'download', '-json', 'sigs.k8s.io/gateway-api'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  if (done.status !== 0)
    throw new Error(
      `the Gateway API cannot be fetched: ${done.stderr || done.stdout || String(done.error)}; check that Go is installed and GOPROXY reachable`,
    );
  const { Dir } = JSON.parse(done.stdout) as { Dir: string };
  return join(Dir, 'config/crd/standard');
}
