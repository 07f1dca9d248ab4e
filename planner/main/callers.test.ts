import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';
import { denied } from './callers.ts';

describe('who may read a memory', () => {
  const from = (ip: string, authorization?: string): FastifyRequest =>
    ({ ip, headers: { authorization } }) as unknown as FastifyRequest;

  it('is this machine alone where no reporters are known', async () => {
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      assert.equal(await denied(from(ip), 'arena', undefined), undefined);
    for (const ip of ['10.0.0.8', '::ffff:10.1.2.3', 'fe80::1', '12.7.0.1'])
      assert.match((await denied(from(ip, 'Bearer x'), 'arena', undefined)) ?? '', /only its own machine/);
  });

  it('is whoever a tenant trusts, and nobody while that cannot be asked', async () => {
    const known =
      (tenants?: string[]) =>
      (): Promise<{
        kind: 'known';
        caller: { identity: string; tenants: Set<string> | undefined };
      }> =>
        Promise.resolve({
          kind: 'known',
          caller: { identity: 'agent', tenants: tenants && new Set(tenants) },
        });
    const asking = from('127.0.0.1', 'Bearer secret');
    assert.equal(await denied(asking, 'arena', known()), undefined);
    assert.equal(await denied(asking, 'arena', known(['arena'])), undefined);
    assert.match((await denied(asking, 'arena', known(['rival']))) ?? '', /agent may not read .*"arena"/);
    const away = () => Promise.resolve({ kind: 'away' as const, message: 'the API server is away' });
    assert.match((await denied(asking, 'arena', away)) ?? '', /is away/);
    assert.match((await denied(from('127.0.0.1'), 'arena', known())) ?? '', /say who you are/);
  });
});
