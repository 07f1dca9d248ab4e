import assert from 'node:assert/strict';
import { type Condition, conditionsEqual, setCondition } from './conditions.ts';

const ready: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Reconciled',
  message: '',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const placed: Condition = { ...ready, type: 'Placed' };
const NOW = '2026-02-02T00:00:00Z';

describe('setCondition', () => {
  it('appends a new one with the time', () => {
    const next = { type: 'Ready', status: 'False', reason: 'Bad', message: 'x' } as const;
    assert.deepEqual(setCondition(undefined, next, NOW), [{ ...next, lastTransitionTime: NOW }]);
  });
  it('keeps the time while the status stays, and the place', () => {
    const after = setCondition([ready, placed], { ...ready, reason: 'Other', observedGeneration: 2 }, NOW);
    assert.deepEqual(after, [{ ...ready, reason: 'Other', observedGeneration: 2 }, placed]);
  });
  it('moves the time with the status', () => {
    const [after] = setCondition([ready], { ...ready, status: 'False' }, NOW);
    assert.equal(after?.lastTransitionTime, NOW);
  });
  it('leaves the list it was given', () => {
    const given = [ready];
    setCondition(given, { ...ready, status: 'False' }, NOW);
    assert.deepEqual(given, [ready]);
  });
});

describe('conditionsEqual', () => {
  const cases: Record<string, { a?: Condition[]; b?: Condition[]; want: boolean }> = {
    'none is none': { b: [], want: true },
    'order says nothing': { a: [ready, placed], b: [placed, ready], want: true },
    'an unset generation is no generation': {
      a: [{ ...ready, observedGeneration: undefined }],
      b: [Object.fromEntries(Object.entries(ready).filter(([key]) => key !== 'observedGeneration')) as never],
      want: true,
    },
    'a time follows from its status': { a: [ready], b: [{ ...ready, lastTransitionTime: NOW }], want: true },
    'a message is a difference': { a: [ready], b: [{ ...ready, message: 'y' }], want: false },
    'one more is a difference': { a: [ready], b: [ready, placed], want: false },
  };
  for (const [name, { a, b, want }] of Object.entries(cases)) {
    it(name, () => assert.equal(conditionsEqual(a, b), want));
  }
});
