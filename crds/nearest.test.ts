import assert from 'node:assert/strict';
import { nearest, suggestion } from './nearest.ts';

describe('nearest', () => {
  const known = ['maxLatency', 'maxJitter', 'minSuccess', 'HTTP', 'to'];
  const cases: Record<string, string | undefined> = {
    maxLatancy: 'maxLatency',
    maxlatency: 'maxLatency',
    maxJttier: 'maxJitter',
    http: 'HTTP',
    ot: 'to',
    minsucces: 'minSuccess',
    port: undefined,
    '': undefined,
    ['x'.repeat(1000)]: undefined,
  };
  for (const [word, want] of Object.entries(cases)) {
    it(`${word.slice(0, 20) || '(nothing)'}: ${want ?? 'none is near'}`, () =>
      assert.equal(nearest(word, known), want));
  }

  it('says what there is when none is near', () => {
    assert.equal(suggestion('port', ['to', 'from']), 'known: to, from');
    assert.equal(suggestion('port', []), 'nothing is allowed here');
  });
});
