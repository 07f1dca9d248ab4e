import type { Authority } from '#kube/pki/certificates.ts';
import { lifeOf, readAuthority } from '#kube/pki/certificates.ts';

/**
 * Who signs. `next` is trusted already and will sign later; `previous` (a certificate, PEM) has signed and is trusted still. So at
 * every moment the API server trusts both what replicas show now and what they will show after the next change.
 */
export interface Authorities {
  readonly current: Authority;
  readonly next?: Authority;
  readonly previous?: string;
}

/** How long things last, milliseconds. */
export interface Lives {
  readonly authorityMs: number;
  readonly servingMs: number;
  /** How long a new authority is trusted before it signs: every API server must have heard of it. */
  readonly overlapMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A year for the authority, a month for what it signs; both are renewed when a third of that is left. */
export const LIVES: Lives = { authorityMs: 365 * DAY_MS, servingMs: 30 * DAY_MS, overlapMs: 10 * MINUTE_MS };

/** When something that holds until `untilMs` is due to be renewed. */
export const renewalMs = (certificate: string, lifeMs: number): number =>
  lifeOf(certificate).untilMs - lifeMs / 3;

const expired = (certificate: string, nowMs: number): boolean => lifeOf(certificate).untilMs <= nowMs;

/** When the next authority signs: after the overlap, or half way to the end of the current one when that is sooner. */
function takeoverMs(current: Authority, next: Authority, overlapMs: number): number {
  const { madeMs } = lifeOf(next.certificate);
  return Math.min(madeMs + overlapMs, (madeMs + lifeOf(current.certificate).untilMs) / 2);
}

/**
 * What the authorities should be now; the same object when nothing is due. `trusted` tells whether the API server has been told to
 * trust a certificate. An authority that ran out (nobody was there to renew it) is replaced at once.
 */
export function renewed(
  held: Authorities | undefined,
  nowMs: number,
  { authorityMs, overlapMs }: Lives,
  trusted: (certificate: string) => boolean,
  create: () => Authority,
): Authorities {
  if (held === undefined) return { current: create() };
  const { current, next, previous } = held;
  const isOver = expired(current.certificate, nowMs);
  if (next !== undefined && !expired(next.certificate, nowMs)) {
    const isKnown = nowMs >= takeoverMs(current, next, overlapMs) && trusted(next.certificate);
    if (isOver) return { current: next };
    if (isKnown) return { current: next, previous: current.certificate };
    return held;
  }
  if (isOver) return { current: create() };
  const kept = previous !== undefined && !expired(previous, nowMs) ? { previous } : {};
  if (nowMs >= renewalMs(current.certificate, authorityMs)) return { current, next: create(), ...kept };
  return previous !== undefined && kept.previous === undefined ? { current } : held;
}

/** When `renewed` is to be asked again, if nothing else happens; milliseconds since 1970. */
export function renewedAgainMs({ current, next }: Authorities, { authorityMs, overlapMs }: Lives): number {
  if (next !== undefined) return takeoverMs(current, next, overlapMs);
  return renewalMs(current.certificate, authorityMs);
}

/** The certificates to trust, one PEM text. */
export function bundleOf({ current, next, previous }: Authorities): string {
  return [current.certificate, next?.certificate ?? '', previous ?? ''].join('');
}

const FIELDS = ['ca.crt', 'ca.key', 'next.crt', 'next.key', 'previous.crt'] as const;
type Data = Partial<Record<(typeof FIELDS)[number], string>>;

/** The data of a Secret that keeps them. */
export function dataOf({ current, next, previous }: Authorities): Readonly<Record<string, string>> {
  const plain: Data = {
    'ca.crt': current.certificate,
    'ca.key': current.key,
    ...(next === undefined ? {} : { 'next.crt': next.certificate, 'next.key': next.key }),
    ...(previous === undefined ? {} : { 'previous.crt': previous }),
  };
  return Object.fromEntries(
    Object.entries(plain).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
}

/** What a Secret keeps; undefined when it keeps nothing, or nothing that can be read. Never throws. */
export function authoritiesIn(data: Readonly<Record<string, string>> | undefined): Authorities | undefined {
  const text = (name: keyof Data): string => Buffer.from(data?.[name] ?? '', 'base64').toString();
  const read = (certificate: string, key: string): Authority | undefined => {
    try {
      return readAuthority({ certificate, key });
    } catch {
      return undefined;
    }
  };
  const current = read(text('ca.crt'), text('ca.key'));
  if (current === undefined) return undefined;
  const next = read(text('next.crt'), text('next.key'));
  const previous = text('previous.crt');
  return {
    current,
    ...(next === undefined ? {} : { next }),
    ...(isCertificate(previous) ? { previous } : {}),
  };
}

function isCertificate(text: string): boolean {
  try {
    return Number.isFinite(lifeOf(text).untilMs);
  } catch {
    return false;
  }
}
