import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '#crds/input-error.ts';
import type { Transport } from '#kube/transport.ts';
import { fileReporters, mayUse } from './reporters.ts';
import { serviceAccountReporters } from './service-accounts.ts';

describe('reporters of a file', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'edgeloom-reporters-'))));
  after(() => rmSync(folder, { recursive: true }));
  const written = (text: string): string => {
    writeFileSync(join(folder, 'reporters'), text);
    return join(folder, 'reporters');
  };

  it('are known by their tokens, each for its tenants', async () => {
    const file = written(
      '# comment\n\ntoken-of-everything agent\ntoken-of-two-tenants lab arena,cinema # both\n',
    );
    const authenticate = await fileReporters(file);
    const all = await authenticate('token-of-everything');
    const two = await authenticate('token-of-two-tenants');
    assert.ok(all.kind === 'known' && two.kind === 'known');
    assert.deepEqual([all.caller.identity, mayUse(all.caller, 'whoever')], ['agent', true]);
    assert.deepEqual(
      ['arena', 'cinema', 'other'].map((tenant) => mayUse(two.caller, tenant)),
      [true, true, false],
    );
    assert.equal((await authenticate('token-of-nobody-here')).kind, 'unknown');
  });

  it('are refused with every line that is wrong', async () => {
    const file = written(
      'lonely-token-0123456\nshort x\ntoken-0123456789abc a\ntoken-0123456789abc b\na b c d\n',
    );
    await assert.rejects(fileReporters(file), (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.deepEqual(
        error.problems.map((p) => p.line),
        [1, 2, 4, 5],
      );
      return true;
    });
    await assert.rejects(fileReporters(written('# nobody\n')), /names no reporter/);
    await assert.rejects(fileReporters(join(folder, 'none')), /cannot be read: ENOENT/);
  });
});

describe('service accounts', () => {
  const operator = 'system:serviceaccount:edgeloom-system:edgeloom-operator';
  const stranger = 'system:serviceaccount:default:default';
  const users: Readonly<Record<string, string>> = { good: operator, other: stranger };
  const server = (): { transport: Pick<Transport, 'create'>; asked: string[]; down: boolean } => {
    const state = {
      asked: [] as string[],
      down: false,
      transport: {
        create: (_kind: unknown, object: unknown) => {
          const { token } = (object as { spec: { token: string } }).spec;
          state.asked.push(token);
          if (state.down) return Promise.reject(new Error('connection refused'));
          const username = users[token];
          const status = {
            authenticated: username !== undefined,
            ...(username === undefined ? {} : { user: { username } }),
          };
          return Promise.resolve({ ...(object as object), status });
        },
      } as unknown as Pick<Transport, 'create'>,
    };
    return state;
  };

  it('are trusted by name, and asked about once a minute', async () => {
    const { transport, asked } = server();
    let now = 0;
    const authenticate = serviceAccountReporters(transport, ['edgeloom-system/edgeloom-operator'], () => now);
    const good = await authenticate('good');
    assert.equal(good.kind === 'known' && good.caller.identity, 'edgeloom-system/edgeloom-operator');
    assert.equal((await authenticate('other')).kind, 'stranger');
    assert.equal((await authenticate('forged')).kind, 'unknown');
    await authenticate('good');
    assert.deepEqual(asked, ['good', 'other', 'forged']);
    now = 61_000;
    await authenticate('good');
    assert.equal(asked.length, 4);
  });

  it('cannot be told apart while the API server is away, and nothing of that is kept', async () => {
    const state = server();
    state.down = true;
    const authenticate = serviceAccountReporters(
      state.transport,
      ['edgeloom-system/edgeloom-operator'],
      () => 0,
    );
    assert.equal((await authenticate('good')).kind, 'away');
    state.down = false;
    assert.equal((await authenticate('good')).kind, 'known');
  });
});
