import assert from 'node:assert/strict';
import { rowsOf } from './csv.ts';

describe('a table of recorded data', () => {
  it('gives cells with the line they stand on, blank lines counted', () => {
    const rows = rowsOf('a,b\n1,2\n\n3,"4"\n', 't.csv');
    assert.deepEqual(
      rows.map((row) => [row.line, row.text('a'), row.number('b')]),
      [
        [2, '1', 2],
        [4, '3', 4],
      ],
    );
  });

  const broken = {
    'a row that is too short': { text: 'a,b\n1,2\n3\n', error: /^InputError: t\.csv:3: / },
    'a number that is none': {
      text: 'a,b\n1,2\n3,x\n',
      error: /t\.csv:3: b: "x" is no number; correct the row/,
    },
    'an empty cell': { text: 'a,b\n1,\n', error: /t\.csv:2: b: "" is no number/ },
    'a quote that never ends': { text: 'a,b\n"1,2\n3,4\n', error: /t\.csv:3: .*[Qq]uote/ },
    'another header': {
      text: 'a,c\n1,2\n',
      error: /t\.csv:1: b: there is no column "b"; columns here: a, c/,
    },
    'no rows': { text: 'a,b\n', error: /t\.csv: the table has no rows/ },
  };
  for (const [name, { text, error }] of Object.entries(broken)) {
    it(`refuses ${name} and says where`, () => {
      assert.throws(() => rowsOf(text, 't.csv').map((row) => row.number('b')), error);
    });
  }

  it('refuses a number out of bounds', () => {
    assert.throws(
      () => rowsOf('lat\n95\n', 't.csv')[0]?.within('lat', -90, 90),
      /t\.csv:2: lat: 95 is not between -90 and 90/,
    );
  });
});
