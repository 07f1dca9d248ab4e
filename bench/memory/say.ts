import { wantsJson } from '../arguments.ts';

/** What goes on, for people; nothing when one JSON document was asked for. */
export const say = (text: string): void => {
  if (!wantsJson()) process.stderr.write(`${text}\n`);
};

/** A table or a remark on stdout; nothing when one JSON document was asked for. */
export const print = (text: string): void => {
  if (!wantsJson()) process.stdout.write(`${text}\n`);
};
