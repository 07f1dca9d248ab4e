import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODULES } from './paths.ts';

/** One Go module of ours, and the programs that are built from it. */
export interface GoModule {
  /** Its folder beside this file. */
  readonly folder: string;
  readonly binaries: readonly Binary[];
  readonly linkerFlags: string;
}

/** A program: what it is built from, and how it says its version. */
export interface Binary {
  readonly name: string;
  readonly source: string;
  readonly versionCommand: readonly string[];
  readonly version: string;
}

/** The environment and flags of every build; no C compiler is needed and no local path ends up inside. */
export const BUILD_ENVIRONMENT = { CGO_ENABLED: '0' } as const;
/** Flags of `go build` apart from the linker's. */
export const BUILD_FLAGS = ['-trimpath', '-v'] as const;

/** The modules in the order in which they are built: the later ones reuse packages of the first. */
export function goModules(): GoModule[] {
  const kubernetes = pinned('kubernetes', 'k8s.io/kubernetes');
  const [major, minor] = kubernetes.slice(1).split('.');
  const version = `-X k8s.io/component-base/version`;
  const etcd = pinned('etcd', 'go.etcd.io/etcd/server/v3');
  const kwok = pinned('kwok', 'sigs.k8s.io/kwok');
  const server = (name: string): Binary => ({
    name,
    source: `k8s.io/kubernetes/cmd/${name}`,
    versionCommand: name === 'kubectl' ? ['version', '--client'] : ['--version'],
    version: kubernetes,
  });
  return [
    {
      folder: 'kubernetes',
      binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'].map(server),
      linkerFlags: `-s -w ${version}.gitVersion=${kubernetes} ${version}.gitMajor=${major} ${version}.gitMinor=${minor}`,
    },
    {
      folder: 'etcd',
      binaries: [
        {
          name: 'etcd',
          source: 'go.etcd.io/etcd/server/v3',
          versionCommand: ['--version'],
          version: etcd.slice(1),
        },
      ],
      linkerFlags: '-s -w',
    },
    {
      folder: 'kwok',
      binaries: [
        { name: 'kwok', source: 'sigs.k8s.io/kwok/cmd/kwok', versionCommand: ['--version'], version: kwok },
      ],
      linkerFlags: `-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=${kwok}`,
    },
  ];
}

/** A mark of everything that decides what a module's binaries are. */
export function fingerprint({ folder, binaries, linkerFlags }: GoModule, platform = hostPlatform()): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULES, folder, file)));
  const flags = {
    BUILD_ENVIRONMENT,
    BUILD_FLAGS,
    linkerFlags,
    platform,
    sources: binaries.map(({ source }) => source),
  };
  return hash.update(JSON.stringify(flags)).digest('hex');
}

function hostPlatform(): string {
  return `${process.platform}/${process.arch}`;
}

function pinned(folder: string, module: string): string {
  const text = readFileSync(join(MODULES, folder, 'go.mod'), 'utf8');
  const found = text.split('\n').find((line) => line.replace('require', '').trim().startsWith(`${module} v`));
  const version = found?.match(/ (v[0-9][^ ]*)/)?.[1];
  if (version === undefined)
    throw new Error(`hack/control-plane/${folder}/go.mod pins no version of ${module}`);
  return version;
}
