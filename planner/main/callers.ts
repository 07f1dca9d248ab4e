import type { FastifyRequest } from 'fastify';
import { mayUse } from './reporters.ts';
import type { Authenticate, Caller } from './reporters.ts';

/** Why somebody is not let in, and the status that says so. */
export interface Refusal {
  readonly code: number;
  readonly error: string;
}

/** Whose token came with a request. */
export async function callerOf(
  { headers }: FastifyRequest,
  authenticate: Authenticate,
): Promise<Caller | Refusal> {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) return { code: 401, error: 'say who you are: Authorization: Bearer TOKEN' };
  const answer = await authenticate(token);
  switch (answer.kind) {
    case 'known':
      return answer.caller;
    case 'unknown':
      return { code: 401, error: answer.message };
    case 'stranger':
      return { code: 403, error: answer.message };
    default:
      return { code: 503, error: answer.message };
  }
}

/** Who reads a memory: with a token where reporters are known, else whoever is on this machine. */
export function readerOf(
  request: FastifyRequest,
  authenticate: Authenticate | undefined,
): Promise<Caller | Refusal> | Caller | Refusal {
  if (authenticate !== undefined) return callerOf(request, authenticate);
  if (/^(::ffff:)?127\.|^::1$/.test(request.ip)) return { identity: 'local', tenants: undefined };
  return { code: 401, error: 'this planner knows no reporters: only its own machine may read its memory' };
}

/** Why a request may not be answered with what a tenant's memory says; undefined when it may. */
export async function denied(
  request: FastifyRequest,
  tenant: string,
  authenticate: Authenticate | undefined,
): Promise<string | undefined> {
  const caller = await readerOf(request, authenticate);
  if ('error' in caller) return caller.error;
  return mayUse(caller, tenant)
    ? undefined
    : `${caller.identity} may not read the memory of tenant "${tenant}"`;
}
