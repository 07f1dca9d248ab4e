/** What holds a ServiceDAG back until everything of it is gone. */
export const FINALIZER = 'edgeloom.dev/cleanup';
