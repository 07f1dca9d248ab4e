import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { crdFiles } from './definitions.ts';

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly names: { readonly shortNames: readonly string[]; readonly categories: readonly string[] };
    readonly versions: readonly {
      readonly subresources: unknown;
      readonly additionalPrinterColumns: readonly { readonly name: string }[];
    }[];
  };
}

describe('the generated CRDs', () => {
  for (const { path, text } of crdFiles()) {
    it(`${path} is what the zod source says`, async () => {
      assert.equal(await readFile(join(import.meta.dirname, '..', path), 'utf8'), text, 'run make generate');
    });
  }

  it('are the same bytes each time', () => assert.deepEqual(crdFiles(), crdFiles()));

  it('have a short name, the category, a status and columns', () => {
    const definitions = crdFiles().map(({ text }) => parse(text) as Definition);
    assert.deepEqual(
      definitions.map((d) => d.spec.names.shortNames[0]),
      ['sdag', 'er', 'dp'],
    );
    for (const { spec } of definitions) {
      assert.deepEqual(spec.names.categories, ['edgeloom']);
      assert.deepEqual(
        spec.versions.map((v) => v.subresources),
        [{ status: {} }],
      );
      assert.ok(spec.versions[0]?.additionalPrinterColumns.some((c) => c.name === 'Age'));
    }
  });
});
