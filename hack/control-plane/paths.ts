import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the Go modules that pin the servers are. */
export const MODULES = import.meta.dirname;
/** Where the servers are built to; git ignores it. */
export const BIN = join(ROOT, '.cache/bin');
/** Where clusters keep their state, one folder each; git ignores it. */
export const CLUSTERS = join(ROOT, '.cache/clusters');

/** The path of a server's binary. */
export const binary = (name: string): string => join(BIN, name);
