import type { Part } from '#kube/main.ts';

/** Where the webhook's certificate comes from. */
export interface Certificates {
  /** What keeps it new, to be run. */
  parts(): readonly Part[];
  /** Why there is none to show, or undefined. */
  doubt(): string | undefined;
}
