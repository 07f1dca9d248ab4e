import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from './object.ts';
import { isOlder, next } from './reflector.ts';
import type { Signal, State } from './reflector.ts';

const object = (name: string, resourceVersion: string): KubeObject => ({
  metadata: { name, resourceVersion },
});
const frame = (type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', version: string): Signal<KubeObject> => ({
  kind: 'frame',
  frame: { type, object: object('a', version) },
});
const error = (code: number): Signal<KubeObject> => ({
  kind: 'frame',
  frame: { type: 'ERROR', object: { code, reason: 'Bad' } as never },
});
const page = (resourceVersion: string, token?: string): Signal<KubeObject> => ({
  kind: 'page',
  page: { items: [object('a', '1')], resourceVersion, ...(token === undefined ? {} : { continue: token }) },
});
const failed = (code: number): Signal<KubeObject> => ({ kind: 'failed', code, reason: 'Bad' });

const empty: State<KubeObject> = { kind: 'Empty' };
const half: State<KubeObject> = { kind: 'InitPage', pages: [[object('z', '1')]], continue: 't' };
const listed = (failures = 0): State<KubeObject> => ({ kind: 'InitListed', resourceVersion: '9', failures });
const watching: State<KubeObject> = { kind: 'Watching', resourceVersion: '9' };

describe('the reflector', () => {
  const cases: Record<string, [State<KubeObject>, Signal<KubeObject>, string, string]> = {
    'begins by listing': [empty, { kind: 'retry' }, 'InitPage', 'list'],
    'asks for the next page': [half, page('9', 'u'), 'InitPage', 'list'],
    'swaps the list in and watches after the last page': [half, page('9'), 'InitListed', 'replace watch'],
    'tries the same page again after a failure': [half, failed(503), 'InitPage', 'wait'],
    'lists from the start when the pages expired': [half, failed(410), 'Empty', 'wait'],
    'takes in an event': [listed(), frame('ADDED', '10'), 'Watching', 'put'],
    'takes in an event seen before': [watching, frame('MODIFIED', '9'), 'Watching', 'put'],
    'forgets what was deleted': [watching, frame('DELETED', '10'), 'Watching', 'remove'],
    'takes only the version from a bookmark': [watching, frame('BOOKMARK', '12'), 'Watching', ''],
    'lists anew when order is broken': [watching, frame('MODIFIED', '8'), 'Empty', 'wait'],
    'watches from the same version after an end': [watching, { kind: 'ended' }, 'InitListed', 'wait'],
    'watches from the same version after a failure': [watching, failed(0), 'InitListed', 'wait'],
    'lists anew after 410 in the stream': [watching, error(410), 'Empty', 'wait'],
    'lists anew after 410 as an answer': [listed(), failed(410), 'Empty', 'wait'],
    'does not list anew after another error': [watching, error(500), 'InitListed', 'wait'],
    'lists anew when a version fails again and again': [listed(4), failed(504), 'Empty', 'wait'],
    'watches after the wait': [listed(), { kind: 'retry' }, 'InitListed', 'watch'],
  };
  for (const [name, [state, signal, kind, effects]] of Object.entries(cases)) {
    it(name, () => {
      const [after, wanted] = next(state, signal);
      assert.equal(after.kind, kind);
      assert.equal(wanted.map((effect) => effect.kind).join(' '), effects);
    });
  }

  it('joins the pages of one list', () => {
    const [, effects] = next(half, page('9'));
    assert.deepEqual(effects[0], { kind: 'replace', objects: [object('z', '1'), object('a', '1')] });
  });

  it('always has a request under way, or one to make', () => {
    const signal = fc.constantFrom<Signal<KubeObject>>(
      { kind: 'ended' },
      failed(0),
      failed(410),
      error(500),
      error(410),
      frame('ADDED', '10'),
      frame('BOOKMARK', '8'),
    );
    const state = fc.constantFrom<State<KubeObject>>(empty, half, listed(), listed(4), watching);
    fc.assert(
      fc.property(state, signal, (before, given) => {
        const [after, effects] = next(before, given);
        const asks = effects.filter(({ kind }) => ['list', 'watch', 'wait'].includes(kind));
        assert.ok(
          asks.length <= 1 && effects.slice(0, -1).every((effect) => !asks.includes(effect as never)),
        );
        if (asks.length === 0) assert.equal(given.kind, 'frame', `${after.kind} waits for nothing`);
      }),
    );
  });

  it('compares versions as numbers of any length, and gives up on words', () => {
    assert.ok(isOlder('9', '10'));
    assert.ok(isOlder('99999999999999999998', '99999999999999999999'));
    assert.ok(!isOlder('10', '10'));
    assert.ok(!isOlder('a', 'b'));
  });
});
