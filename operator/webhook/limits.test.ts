import assert from 'node:assert/strict';
import { fieldOf } from '#crds/finding.ts';
import { KINDS } from '#crds/kinds.ts';
import { overLimits } from './limits.ts';

const over = (spec: unknown): string[] =>
  overLimits(KINDS.ServiceDAG.json, { spec }).map(
    ({ path, message, fix }) => `${fieldOf(path)}: ${message}; ${fix}`,
  );

describe('limits', () => {
  const many = (count: number): object[] => Array.from({ length: count }, () => ({}));
  const cases: Record<string, { spec: unknown; says: string[] }> = {
    'a list may be as long as its schema says': {
      spec: { microservices: many(64), edges: many(256) },
      says: [],
    },
    'and not longer': {
      spec: { microservices: many(65) },
      says: ['spec.microservices: the list has 65 items; make it at most 64'],
    },
    'a name may not be long': {
      spec: { edges: [{ from: 'x'.repeat(64) }] },
      says: [`spec.edges[0].from: "${'x'.repeat(64)}" has 64 characters; make it at most 63`],
    },
    'an object may not have hundreds of fields nobody knows': {
      spec: { qos: Object.fromEntries(many(70).map((_, i) => [`a${i}`, i])) },
      says: ['spec.qos: the object has 70 fields; make it at most 69'],
    },
    'what has no limit is not looked at': { spec: { strange: many(1_000) }, says: [] },
    'a thing of another type is for the parser': { spec: { microservices: 7, edges: 'none' }, says: [] },
  };
  for (const [says, { spec, says: want }] of Object.entries(cases)) {
    it(says, () => assert.deepEqual(over(spec), want));
  }

  it('are named twenty times, no more', () => {
    const name = 'x'.repeat(64);
    assert.equal(over({ edges: many(200).map(() => ({ from: name })) }).length, 20);
  });
});
