import { readFile } from 'node:fs/promises';

/** The header that says to the planner who asks: the token of the file, read anew each time, since it rotates. None without a file that has one. */
export async function authorisation(
  tokenFile: string | undefined,
): Promise<{ readonly authorization?: string }> {
  const token = tokenFile === undefined ? '' : (await readFile(tokenFile, 'utf8').catch(() => '')).trim();
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}
