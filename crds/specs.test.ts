import assert from 'node:assert/strict';
import { InputError } from './input-error.ts';
import { API_VERSION } from './meta.ts';
import { parseText } from './parse.ts';
import { SPECS } from './specs.table.ts';
import type { SpecRow } from './spec-row.ts';

const parse = ({ kind, spec, name = 'fixture' }: SpecRow): ReturnType<typeof parseText> =>
  parseText(JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec }), 'table.json');

function problemsOf(row: SpecRow): InputError['problems'] {
  try {
    parse(row);
    return [];
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.problems;
  }
}

describe('the table of specs, read by the parser', () => {
  for (const row of SPECS) {
    const { kind, says, refused } = row;
    if (refused === undefined) {
      it(`${kind}: accepts ${says}`, () => assert.deepEqual(problemsOf(row), []));
      continue;
    }
    it(`${kind}: refuses ${says}`, () => {
      const problems = problemsOf(row);
      const named = problems.find((p) => p.field === refused.field);
      assert.ok(named, `names ${problems.map((p) => p.field).join(', ') || 'nothing'}, not ${refused.field}`);
      assert.ok(
        `${named.message}; ${named.fix}`.includes(refused.words ?? ''),
        `${named.message}; ${named.fix}`,
      );
      assert.notEqual(named.message, '');
    });
  }

  it('has at least forty bad specs, and each is bad in its own way', () => {
    assert.ok(SPECS.filter((row) => row.refused !== undefined).length >= 40);
    assert.equal(new Set(SPECS.map((row) => `${row.kind} ${row.says}`)).size, SPECS.length);
  });
});
