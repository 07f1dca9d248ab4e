import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureServers } from './build.ts';
import { fingerprint, goModules } from './modules.ts';

// Stands in for Go: remembers how it was called and "builds" programs that know their version.
const FAKE_GO = `#!/bin/sh
dir=$(dirname "$0")
if [ "$1" = version ]; then echo "go version go1.26.0 linux/amd64"; exit; fi
echo "$PWD CGO=$CGO_ENABLED $*" >> "$dir/calls"
[ -z "$FAIL" ] || { echo "server.go:1: undefined: x" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
out=$2; shift 2
for source in "$@"; do
  echo "$source" >&2
  case $out in */) file=$out$(basename "$source");; *) file=$out;; esac
  echo built > "$file"
done
`;

describe('building the servers', () => {
  let directory: string;
  let bin: string;
  let go: string;
  const calls = async (): Promise<string[]> =>
    (await readFile(join(directory, 'calls'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'edgeloom-build-'));
    bin = join(directory, 'bin');
    go = join(directory, 'go');
    await writeFile(go, FAKE_GO);
    await chmod(go, 0o755);
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('says what to do when Go is missing', async () => {
    const building = ensureServers(() => undefined, { bin, go: join(directory, 'no-go') });
    await assert.rejects(building, /^Error: Go is missing: .*Install Go 1\.26.*edgeloom cluster build/);
    assert.deepEqual(await readdir(bin), [], 'the lock is gone too');
  });

  it('builds all modules once, with the pinned versions inside, and tells how far it is', async () => {
    const said: string[] = [];
    await ensureServers((message) => said.push(message), { bin, go });
    const [kubernetes = '', etcd = '', kwok = ''] = await calls();
    assert.match(
      kubernetes,
      /control-plane\/kubernetes CGO=0 build -trimpath .*gitVersion=v1\.\d+\.\d+ .*kube-apiserver/,
    );
    assert.match(etcd, /-o \S+\/etcd go\.etcd\.io\/etcd\/server\/v3$/);
    assert.match(kwok, /consts\.Version=v\d/);
    assert.ok(
      said.some((message) => /step 1 of 3, kube-apiserver .*: 4 packages compiled, \d+ s/.test(message)),
    );
    const binaries = goModules().flatMap((module) => module.binaries.map(({ name }) => name));
    const stamps = binaries.map((name) => `${name}.stamp`);
    assert.deepEqual((await readdir(bin)).sort(), [...binaries, ...stamps].sort());
    await ensureServers(() => undefined, { bin, go });
    assert.equal((await calls()).length, 3, 'the second time there is nothing to do');
  });

  it('builds only the module whose stamp says something else', async () => {
    await ensureServers(() => undefined, { bin, go });
    await writeFile(join(bin, 'etcd.stamp'), 'older sources\n');
    await ensureServers(() => undefined, { bin, go });
    assert.match((await calls()).slice(3).join(), /^\S+control-plane\/etcd [^,]*$/);
  });

  it('takes a program without a stamp when it is of the pinned version, and no other', async () => {
    await ensureServers(() => undefined, { bin, go });
    const etcd = goModules()[1]!.binaries[0]!;
    const answering = async (version: string): Promise<number> => {
      await rm(join(bin, 'etcd.stamp'));
      await writeFile(join(bin, 'etcd'), `#!/bin/sh\necho "etcd Version: ${version}"\n`, { mode: 0o755 });
      await chmod(join(bin, 'etcd'), 0o755);
      const before = (await calls()).length;
      await ensureServers(() => undefined, { bin, go });
      return (await calls()).length - before;
    };
    assert.equal(await answering(etcd.version), 0);
    assert.equal(await answering('3.0.0'), 1);
  });

  it('shows the compiler error, and leaves no half-built program', async () => {
    process.env.FAIL = '1';
    try {
      const building = ensureServers(() => undefined, { bin, go });
      await assert.rejects(
        building,
        /go build failed in hack\/control-plane\/kubernetes .*\n {2}server\.go:1: undefined: x/,
      );
      assert.deepEqual(
        (await readdir(bin)).filter((name) => !name.startsWith('.new')),
        [],
      );
    } finally {
      delete process.env.FAIL;
    }
  });

  it('takes over the lock of a build that was killed', async () => {
    await mkdir(bin);
    await writeFile(join(bin, '.lock'), '999999999');
    await ensureServers(() => undefined, { bin, go });
    assert.equal((await calls()).length, 3);
  });
});

describe('the mark of a build', () => {
  const [module] = goModules();
  it('changes with the flags and the platform, and with nothing else', () => {
    assert.equal(fingerprint(module!), fingerprint({ ...module! }));
    assert.notEqual(fingerprint(module!), fingerprint({ ...module!, linkerFlags: '' }));
    assert.notEqual(fingerprint(module!, 'linux/x64'), fingerprint(module!, 'linux/arm64'));
  });
});
