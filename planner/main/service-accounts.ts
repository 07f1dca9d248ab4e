import type { KubeObject } from '#kube/object.ts';
import type { Kind } from '#kube/kinds.ts';
import type { Transport } from '#kube/transport.ts';
import { digestOf } from './reporters.ts';
import type { Authenticate, Authenticated } from './reporters.ts';

const TOKENREVIEW: Kind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};

interface TokenReview extends KubeObject {
  readonly spec: { readonly token: string };
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username?: string };
    readonly error?: string;
  };
}

/** How long an answer holds, and how many are kept. */
const KEPT_MS = 60_000;
const MOST_KEPT = 1_000;
const DEADLINE_MS = 3_000;
const PREFIX = 'system:serviceaccount:';

/**
 * Service accounts that are trusted (`namespace/name`), by what the API server says of their tokens (TokenReview). They may report on all
 * tenants: they are the platform's own. Needs the right to create `tokenreviews`. `clock` is monotonic milliseconds.
 */
export function serviceAccountReporters(
  transport: Pick<Transport, 'create'>,
  accounts: readonly string[],
  clock: () => number,
): Authenticate {
  const trusted = new Set(accounts.map((account) => PREFIX + account.replace('/', ':')));
  const kept = new Map<string, { readonly untilMs: number; readonly answer: Authenticated }>();
  return async (token) => {
    const digest = digestOf(token);
    const known = kept.get(digest);
    if (known !== undefined && clock() < known.untilMs) return known.answer;
    const answer = await review(transport, token, trusted);
    if (answer.kind === 'away') return answer;
    kept.delete(digest);
    kept.set(digest, { untilMs: clock() + KEPT_MS, answer });
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return answer;
  };
}

async function review(
  transport: Pick<Transport, 'create'>,
  token: string,
  trusted: ReadonlySet<string>,
): Promise<Authenticated> {
  try {
    const asked: TokenReview = { metadata: { name: '' }, spec: { token } };
    const { status } = await transport.create(TOKENREVIEW, asked, { deadlineMs: DEADLINE_MS });
    const username = status?.user?.username ?? '';
    if (status?.authenticated !== true)
      return {
        kind: 'unknown',
        message: `the API server does not know the token: ${status?.error ?? 'no reason'}`,
      };
    if (!trusted.has(username))
      return { kind: 'stranger', message: `${username} is not trusted with the memory` };
    const identity = username.slice(PREFIX.length).replace(':', '/');
    return { kind: 'known', caller: { identity, tenants: undefined } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'away', message: `the API server cannot be asked about the token: ${why}` };
  }
}
