import { keyOf } from './object.ts';
import type { KubeObject } from './object.ts';
import type { Page } from './transport-options.ts';
import { statusOf } from './watch-frames.ts';
import type { WatchFrame } from './watch-frames.ts';

/** Where one kind's picture stands: nothing, half a list, a list without a watch, or a watch. */
export type State<T> =
  | { readonly kind: 'Empty' }
  | {
      readonly kind: 'InitPage';
      readonly pages: readonly (readonly T[])[];
      readonly continue?: string | undefined;
    }
  | { readonly kind: 'InitListed'; readonly resourceVersion: string; readonly failures: number }
  | { readonly kind: 'Watching'; readonly resourceVersion: string };

/** What happened since. `retry` is the end of a wait, and the beginning of everything. */
export type Signal<T extends KubeObject> =
  | { readonly kind: 'retry' }
  | { readonly kind: 'page'; readonly page: Page<T> }
  | { readonly kind: 'frame'; readonly frame: WatchFrame<T> }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly code: number; readonly reason: string };

/** What to do about it: change the store, or one request that replaces the one in flight. */
export type Effect<T> =
  | { readonly kind: 'replace'; readonly objects: readonly T[] }
  | { readonly kind: 'put'; readonly object: T }
  | { readonly kind: 'remove'; readonly key: string }
  | Ask;

/** The requests: at most one per step, and the last of its effects. */
export type Ask =
  | { readonly kind: 'list'; readonly continue?: string | undefined }
  | { readonly kind: 'watch'; readonly resourceVersion: string }
  | { readonly kind: 'wait'; readonly reason: string };

type Step<T> = readonly [State<T>, readonly Effect<T>[]];

// A version the server will never reach again (etcd restored) fails every watch: list anew then.
const FAILURES_BEFORE_RELIST = 5;

const wait = <T>(state: State<T>, reason: string): Step<T> => [state, [{ kind: 'wait', reason }]];

/** Whether a version is older than another; false when either is not a number. */
export function isOlder(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return BigInt(a) < BigInt(b);
}

function onRetry<T>(state: State<T>): Step<T> {
  if (state.kind === 'Empty') return [{ kind: 'InitPage', pages: [] }, [{ kind: 'list' }]];
  if (state.kind === 'InitPage') return [state, [{ kind: 'list', continue: state.continue }]];
  return [state, [{ kind: 'watch', resourceVersion: state.resourceVersion }]];
}

function onPage<T extends KubeObject>(state: State<T>, page: Page<T>): Step<T> {
  const pages = state.kind === 'InitPage' ? [...state.pages, page.items] : [page.items];
  if (page.continue !== undefined) {
    return [
      { kind: 'InitPage', pages, continue: page.continue },
      [{ kind: 'list', continue: page.continue }],
    ];
  }
  const { resourceVersion } = page;
  return [
    { kind: 'InitListed', resourceVersion, failures: 0 },
    [
      { kind: 'replace', objects: pages.flat() },
      { kind: 'watch', resourceVersion },
    ],
  ];
}

function onFailure<T>(state: State<T>, code: number, reason: string): Step<T> {
  if (code === 410) return wait({ kind: 'Empty' }, 'Expired');
  if (state.kind === 'Empty' || state.kind === 'InitPage') return wait(state, reason);
  const failures = state.kind === 'InitListed' ? state.failures + 1 : 1;
  if (failures >= FAILURES_BEFORE_RELIST) return wait({ kind: 'Empty' }, reason);
  return wait({ kind: 'InitListed', resourceVersion: state.resourceVersion, failures }, reason);
}

function onFrame<T extends KubeObject>(state: State<T>, frame: WatchFrame<T>): Step<T> {
  if (state.kind !== 'InitListed' && state.kind !== 'Watching') return [state, []];
  if (frame.type === 'ERROR') {
    const { code, reason } = statusOf(frame);
    return onFailure(state, code, reason);
  }
  const { resourceVersion = state.resourceVersion } = frame.object.metadata;
  // The server promises order. Once it is broken nothing after it can be trusted.
  if (isOlder(resourceVersion, state.resourceVersion)) return wait({ kind: 'Empty' }, 'OutOfOrder');
  const watching: State<T> = { kind: 'Watching', resourceVersion };
  if (frame.type === 'BOOKMARK') return [watching, []];
  if (frame.type === 'DELETED') return [watching, [{ kind: 'remove', key: keyOf(frame.object) }]];
  return [watching, [{ kind: 'put', object: frame.object }]];
}

function onEnd<T>(state: State<T>): Step<T> {
  if (state.kind === 'Empty' || state.kind === 'InitPage') return wait(state, 'Ended');
  return wait({ kind: 'InitListed', resourceVersion: state.resourceVersion, failures: 0 }, 'Ended');
}

/** One step of list-then-watch. Pure: the same state and signal give the same state and effects. */
export function next<T extends KubeObject>(state: State<T>, signal: Signal<T>): Step<T> {
  switch (signal.kind) {
    case 'retry':
      return onRetry(state);
    case 'page':
      return onPage(state, signal.page);
    case 'frame':
      return onFrame(state, signal.frame);
    case 'failed':
      return onFailure(state, signal.code, signal.reason);
    default:
      return onEnd(state);
  }
}
