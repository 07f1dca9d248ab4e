import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InputError } from '#crds/input-error.ts';

/** Somebody whose token is known. */
export interface Caller {
  /** Name for the log and the guard. */
  readonly identity: string;
  /** Tenants whose traces it may report and read; all when undefined. */
  readonly tenants: ReadonlySet<string> | undefined;
}

/** Who a bearer token belongs to. */
export type Authenticated =
  | { readonly kind: 'known'; readonly caller: Caller }
  /** The token is nobody's. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The token is somebody's who is not trusted. */
  | { readonly kind: 'stranger'; readonly message: string }
  /** Who it belongs to cannot be asked now. */
  | { readonly kind: 'away'; readonly message: string };

/** Says who a bearer token belongs to. */
export type Authenticate = (token: string) => Promise<Authenticated>;

/** Whether a caller may report and read traces of a tenant. */
export const mayUse = ({ tenants }: Caller, tenant: string): boolean => tenants?.has(tenant) !== false;

/** A token as it is compared: of one length, so that the time of a comparison says nothing. */
export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Reporters of a file: a line `TOKEN IDENTITY [TENANT,TENANT...]` each; without tenants all of them; `#` begins a comment. Throws
 * `InputError` with every line that cannot be read.
 */
export async function fileReporters(file: string): Promise<Authenticate> {
  const problem = (line: number, message: string, fix: string): InputError['problems'][number] => ({
    file,
    line,
    object: '',
    field: '',
    message,
    fix,
  });
  let text = '';
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const why = `cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'unknown'}`;
    throw new InputError([problem(0, why, 'name a file of lines TOKEN IDENTITY [TENANT,...]')]);
  }
  const callers = new Map<string, Caller>();
  const problems = text.split('\n').flatMap((whole, at) => {
    const words = whole
      .replace(/(^|\s)#.*/, '')
      .trim()
      .split(/\s+/);
    const [token = '', identity, names, ...rest] = words;
    if (token === '') return [];
    if (identity === undefined || rest.length > 0)
      return [problem(at + 1, 'it is no reporter', 'write: TOKEN IDENTITY [TENANT,TENANT...]')];
    if (token.length < 16)
      return [problem(at + 1, `the token of ${identity} is short`, 'give it 16 characters or more')];
    if (callers.has(digestOf(token)))
      return [problem(at + 1, `the token of ${identity} is another's too`, 'give each reporter its own')];
    callers.set(digestOf(token), {
      identity,
      tenants: names === undefined ? undefined : new Set(names.split(',')),
    });
    return [];
  });
  if (problems.length > 0) throw new InputError(problems);
  if (callers.size === 0)
    throw new InputError([problem(0, 'it names no reporter', 'write: TOKEN IDENTITY [TENANT,TENANT...]')]);
  return (token) => {
    const caller = callers.get(digestOf(token));
    return Promise.resolve(
      caller === undefined
        ? { kind: 'unknown', message: 'the token is no reporter’s' }
        : { kind: 'known', caller },
    );
  };
}
