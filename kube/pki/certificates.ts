import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, identifier, octets, positive, sequence, set, tagged, utcTime, utf8, yes } from './der.ts';

/** A certificate and its private key, both PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** Signs other certificates. */
export interface Authority extends Pair {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Who a certificate speaks for: `groups` become organisations, `hosts` the names it may serve. */
export interface Subject {
  readonly commonName: string;
  readonly groups?: readonly string[];
  readonly hosts?: readonly string[];
}

const DAY_MS = 86_400_000;
/** Validity starts so long before a certificate is made: the clocks of a cluster differ. */
const BACKDATED_MS = DAY_MS;
const TEN_YEARS_MS = 3650 * DAY_MS;
const ECDSA_WITH_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));
const EXTENSION = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;
const SERVER_AUTH = identifier('1.3.6.1.5.5.7.3.1');
const CLIENT_AUTH = identifier('1.3.6.1.5.5.7.3.2');

/**
 * A new certificate authority. Elliptic keys, because they cost a millisecond where RSA costs a
 * tenth of a second; written here because Node can read certificates but not make them, and
 * nothing here should depend on the machine's openssl (docs/decisions/0019-admission-webhook.md).
 */
export function createAuthority(name: string, now = new Date(), lifetimeMs = TEN_YEARS_MS): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const unsigned = { name, privateKey: keys.privateKey, publicKey: keys.publicKey };
  const validity = validFrom(now, lifetimeMs);
  const certificate = sealed(unsigned, keys.publicKey, { commonName: name }, validity, [
    extension('basicConstraints', true, sequence(yes())),
    extension('keyUsage', true, bits(Buffer.from([0b1000_0110]), 1)), // sign, sign certificates, sign revocations
  ]);
  return { ...unsigned, certificate, key: privatePem(keys.privateKey) };
}

/** A certificate for a client, a server, or both; it serves only when `hosts` are given. */
export function issue(
  authority: Authority,
  subject: Subject,
  now = new Date(),
  lifetimeMs = TEN_YEARS_MS,
): Pair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hosts = subject.hosts ?? [];
  const certificate = sealed(authority, keys.publicKey, subject, validFrom(now, lifetimeMs), [
    extension('keyUsage', true, bits(Buffer.from([0b1000_0000]), 7)), // sign
    extension('extendedKeyUsage', false, sequence(...(hosts.length > 0 ? [SERVER_AUTH] : []), CLIENT_AUTH)),
    ...(hosts.length > 0 ? [extension('subjectAltName', false, sequence(...hosts.map(altName)))] : []),
  ]);
  return { certificate, key: privatePem(keys.privateKey) };
}

/** An authority that was stored; throws when it is no authority of ours, or the key is another's. */
export function readAuthority({ certificate, key }: Pair): Authority {
  const read = new X509Certificate(certificate);
  const privateKey = createPrivateKey(key);
  const name = /^CN=(.+)$/.exec(read.subject)?.[1];
  if (name === undefined || !read.ca) throw new Error('the certificate is no authority with a plain name');
  if (!read.checkPrivateKey(privateKey)) throw new Error('the key does not belong to the certificate');
  return { name, certificate, key, privateKey, publicKey: createPublicKey(privateKey) };
}

/** When a certificate of ours was made, and until when it holds; milliseconds since 1970. */
export function lifeOf(certificate: string): { readonly madeMs: number; readonly untilMs: number } {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { madeMs: Date.parse(validFrom) + BACKDATED_MS, untilMs: Date.parse(validTo) };
}

/** The private key that signs service account tokens, PEM. */
export function createTokenKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

function validFrom(now: Date, lifetimeMs: number): Buffer {
  const [from, until] = [now.getTime() - BACKDATED_MS, now.getTime() + lifetimeMs];
  return sequence(utcTime(new Date(from)), utcTime(new Date(until)));
}

function sealed(
  signer: Pick<Authority, 'name' | 'privateKey' | 'publicKey'>,
  publicKey: KeyObject,
  subject: Subject,
  validity: Buffer,
  extensions: readonly Buffer[],
): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    tagged(0, true, positive(Buffer.from([2]))), // version 3
    positive(serial),
    ECDSA_WITH_SHA256,
    distinguishedName({ commonName: signer.name }),
    validity,
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      3,
      true,
      sequence(
        ...extensions,
        extension('subjectKey', false, octets(fingerprint(publicKey))),
        extension('authorityKey', false, sequence(tagged(0, false, fingerprint(signer.publicKey)))),
      ),
    ),
  );
  const der = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, signer.privateKey)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extension(name: keyof typeof EXTENSION, critical: boolean, content: Buffer): Buffer {
  return sequence(identifier(EXTENSION[name]), ...(critical ? [yes()] : []), octets(content));
}

function distinguishedName({ commonName, groups = [] }: Subject): Buffer {
  const attribute = (id: string, text: string): Buffer => set(sequence(identifier(id), utf8(text)));
  return sequence(...groups.map((group) => attribute('2.5.4.10', group)), attribute('2.5.4.3', commonName));
}

function altName(host: string): Buffer {
  return isIPv4(host)
    ? tagged(7, false, Buffer.from(host.split('.').map(Number)))
    : tagged(2, false, Buffer.from(host, 'latin1'));
}

function fingerprint(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}
