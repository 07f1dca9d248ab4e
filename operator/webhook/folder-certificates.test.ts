import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hurried } from '#kube/clock.ts';
import { silentLog } from '#kube/log.ts';
import { runParts } from '#kube/main.ts';
import { createAuthority, issue } from '#kube/pki/certificates.ts';
import type { Pair } from '#kube/pki/certificates.ts';
import { FolderCertificates } from './folder-certificates.ts';

describe('certificates from a folder', () => {
  const authority = createAuthority('test-ca');
  const [one, two] = ['one', 'two'].map((commonName) => issue(authority, { commonName }));
  assert.ok(one && two);
  let folder: string;
  let certificates: FolderCertificates;
  let shown: Pair[];
  let stop: AbortController;
  let ended: Promise<unknown>;

  const write = (certificate: string, key: string): Promise<unknown> =>
    Promise.all([writeFile(join(folder, 'tls.crt'), certificate), writeFile(join(folder, 'tls.key'), key)]);

  async function eventually(holds: () => boolean): Promise<void> {
    const endMs = performance.now() + 5_000;
    while (!holds()) {
      if (performance.now() > endMs) assert.fail(`not in time; doubt: ${certificates.doubt()}`);
      await sleep(5);
    }
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgeloom-webhook-'));
    shown = [];
    const serve = (pair: Pair): void => void shown.push(pair);
    // Half a minute is 15 ms.
    certificates = new FolderCertificates({ folder, log: silentLog, serve, clock: hurried(2_000) });
    stop = new AbortController();
    ended = runParts(stop.signal, certificates.parts());
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    await rm(folder, { recursive: true });
  });

  it('are shown once they are there, and once when nothing changes', async () => {
    await eventually(() => /tls\.(crt|key)/.test(certificates.doubt() ?? ''));
    await write(one.certificate, one.key);
    await eventually(() => certificates.doubt() === undefined);
    await sleep(60);
    assert.deepEqual(shown, [{ certificate: one.certificate, key: one.key }]);
  });

  it('are shown anew when the files change, and stay while these do not fit', async () => {
    await write(one.certificate, one.key);
    await eventually(() => shown.length === 1);
    await writeFile(join(folder, 'tls.crt'), two.certificate);
    await sleep(60);
    assert.equal(shown.length, 1);
    assert.equal(certificates.doubt(), undefined);
    await writeFile(join(folder, 'tls.key'), two.key);
    await eventually(() => shown.length === 2);
    assert.equal(shown[1]?.certificate, two.certificate);
  });

  it('say what is wrong with files that were never good', async () => {
    await write(one.certificate, two.key);
    await eventually(() => /tls\.key does not belong to tls\.crt/.test(certificates.doubt() ?? ''));
  });
});
