import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createAuthority, issue, lifeOf, readAuthority } from './certificates.ts';

const authority = createAuthority('test-ca');

describe('certificates', () => {
  it('names the user, each group and each host', () => {
    const { certificate } = issue(authority, {
      commonName: 'system:serviceaccount:edgeloom-system:operator',
      groups: ['system:serviceaccounts', 'system:authenticated'],
      hosts: ['localhost', '127.0.0.1'],
    });
    const read = new X509Certificate(certificate);
    assert.equal(
      read.subject,
      'O=system:serviceaccounts\nO=system:authenticated\nCN=system:serviceaccount:edgeloom-system:operator',
    );
    assert.equal(read.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
    assert.equal(read.ca, false);
  });

  it('is signed by its authority and by no other', () => {
    const read = new X509Certificate(issue(authority, { commonName: 'someone' }).certificate);
    assert.ok(read.checkIssued(new X509Certificate(authority.certificate)));
    assert.ok(read.verify(authority.publicKey));
    assert.ok(!read.verify(createAuthority('test-ca').publicKey));
  });

  it('is valid from yesterday for ten years', () => {
    const { certificate } = issue(authority, { commonName: 'x' }, new Date('2026-03-01T12:30:05Z'));
    const read = new X509Certificate(certificate);
    assert.equal(new Date(read.validFrom).toISOString(), '2026-02-28T12:30:05.000Z');
    assert.equal(new Date(read.validTo).toISOString(), '2036-02-27T12:30:05.000Z');
  });

  it('is valid for as long as it is asked to, and says when it was made', () => {
    const now = new Date('2026-03-01T12:30:05Z');
    const short = createAuthority('short', now, 3_600_000);
    const life = { madeMs: now.getTime(), untilMs: now.getTime() + 3_600_000 };
    assert.deepEqual(lifeOf(short.certificate), life);
    assert.deepEqual(lifeOf(issue(short, { commonName: 'x' }, now, 3_600_000).certificate), life);
  });

  it('is issued as well by an authority that was stored', () => {
    const { certificate, key } = authority;
    const issued = issue(readAuthority({ certificate, key }), { commonName: 'x' });
    assert.ok(new X509Certificate(issued.certificate).checkIssued(new X509Certificate(certificate)));
    assert.ok(new X509Certificate(issued.certificate).verify(authority.publicKey));
  });

  it('is not read as an authority when it is none, or with the key of another', () => {
    assert.throws(() => readAuthority(issue(authority, { commonName: 'x' })), /no authority/);
    const { key } = createAuthority('test-ca');
    assert.throws(() => readAuthority({ certificate: authority.certificate, key }), /key does not belong/);
    assert.throws(() => readAuthority({ certificate: 'no PEM', key }));
  });

  it('never repeats a serial number', () => {
    const serials = Array.from({ length: 50 }, () => {
      return new X509Certificate(issue(authority, { commonName: 'x' }).certificate).serialNumber;
    });
    assert.equal(new Set(serials).size, 50);
  });

  it('lets a server and a client prove themselves to each other', async () => {
    const serving = issue(authority, { commonName: 'server', hosts: ['127.0.0.1'] });
    const client = issue(authority, { commonName: 'client', groups: ['g'] });
    const ca = authority.certificate;
    const server = createServer({ ca, cert: serving.certificate, key: serving.key, requestCert: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      ca,
      cert: client.certificate,
      key: client.key,
    });
    const secured = once(socket, 'secureConnect');
    const [peer] = (await once(server, 'secureConnection')) as [TLSSocket];
    await secured;
    assert.equal(peer.getPeerCertificate().subject.CN, 'client');
    assert.ok(socket.authorized);
    socket.destroy();
    peer.destroy();
    server.close();
  });

  it('satisfies openssl, strictly, where it is installed', async () => {
    if (spawnSync('openssl', ['version']).status !== 0) return;
    const directory = await mkdtemp(join(tmpdir(), 'edgeloom-pki-'));
    try {
      const [ca, leaf] = [join(directory, 'ca.crt'), join(directory, 'leaf.crt')];
      await writeFile(ca, authority.certificate);
      await writeFile(
        leaf,
        issue(authority, { commonName: 'x', hosts: ['a.b.svc', '127.0.0.1'] }).certificate,
      );
      const said = execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', ca, leaf]);
      assert.match(said.toString(), /: OK/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
