import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { InputError } from '#crds/input-error.ts';
import { API_VERSION } from '#crds/meta.ts';
import { parseText } from '#crds/parse.ts';
import { SPECS } from '#crds/specs.table.ts';
import type { SpecRow } from '#crds/spec-row.ts';
import { judge } from './judge.ts';
import type { Question, Verdict } from './review.ts';

const manifest = ({ kind, spec, name = 'fixture' }: SpecRow): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata: {
    name,
    namespace: 'arena',
    uid: '1',
    managedFields: [],
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec,
  status: { anything: 'at all' },
});

const asked = (object: unknown, over: Partial<Question> = {}): Question => ({
  uid: 'u',
  kind: { group: 'edgeloom.dev', kind: (object as { kind?: string } | null)?.kind ?? 'ServiceDAG' },
  operation: 'CREATE',
  namespace: 'arena',
  object,
  oldObject: null,
  ...over,
});

const row = (says: string): SpecRow => {
  const found = SPECS.find((one) => one.says === says);
  assert.ok(found, says);
  return found;
};

function refused(verdict: Verdict): { message: string; fields: string[] } {
  if (verdict.allowed) assert.fail('it is allowed');
  return { message: verdict.message, fields: verdict.causes.map(({ field }) => field) };
}

/** What `edgeloom plan -f` says of an object, without file and line. */
function cliOf(object: object): string {
  try {
    parseText(JSON.stringify(object), 'x');
    return '';
  } catch (error) {
    assert.ok(error instanceof InputError);
    return error.message.replaceAll(/^x:\d+: /gm, '');
  }
}

describe('the table of specs, judged', () => {
  for (const one of SPECS) {
    const isOurs = one.kind !== 'DeploymentPlan';
    if (one.refused === undefined || !isOurs) {
      it(`${one.kind}: allows ${one.says}`, () =>
        assert.equal(judge(asked(manifest(one)), undefined).allowed, true));
      continue;
    }
    const { field, words = '' } = one.refused;
    it(`${one.kind}: refuses ${one.says}`, () => {
      const { message, fields } = refused(judge(asked(manifest(one)), undefined));
      assert.ok(fields.includes(field), `${fields.join()}, not ${field}`);
      assert.ok(message.includes(words), message);
    });
  }
});

describe('a verdict', () => {
  const good = row('an ordinary graph');
  const cycle = row('a cycle of three');

  it('has the words of the command line, in the same order', () => {
    const rows = SPECS.filter(({ kind, refused }) => kind === 'ServiceDAG' && refused !== undefined);
    for (const one of rows) {
      const { apiVersion, kind, spec } = manifest(one) as Record<string, unknown>;
      const plain = { apiVersion, kind, metadata: { name: one.name ?? 'fixture', namespace: 'arena' }, spec };
      const said = refused(judge(asked(manifest(one)), undefined)).message.split('\n');
      assert.deepEqual(said.toSorted(), cliOf(plain).split('\n').toSorted(), one.says);
    }
  });

  it('names the members of a cycle, the object, and what to do', () => {
    const { message } = refused(judge(asked(manifest(cycle)), undefined));
    assert.match(
      message,
      /^ServiceDAG arena\/fixture: spec\.edges\[\d\]: cycle (\w+) → .* → \1; remove one of these/,
    );
  });

  it('lets pass what is deleted, and what is stored already and stays as it is', () => {
    const stored = manifest(cycle);
    const labelled = { ...stored, metadata: { name: 'fixture', labels: { a: 'b' } } };
    const going = {
      ...manifest({ ...good, spec: {} }),
      metadata: { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    for (const question of [
      asked(labelled, { operation: 'UPDATE', oldObject: stored }),
      asked(going, { operation: 'UPDATE', oldObject: stored }),
      asked(null, { operation: 'DELETE', oldObject: stored }),
      asked(stored, { kind: { group: 'apps', kind: 'Deployment' } }),
      asked({ kind: 'Whatever' }),
    ])
      assert.deepEqual(judge(question, undefined), { allowed: true, warnings: [] });
  });

  it('refuses a stored object that becomes wrong', () => {
    const question = asked(manifest(cycle), { operation: 'UPDATE', oldObject: manifest(good) });
    assert.match(refused(judge(question, undefined)).message, /cycle/);
  });

  it('judges an object whose name the server is still to make', () => {
    const generated = { ...manifest(good), metadata: { generateName: 'app-' } };
    assert.equal(judge(asked(generated), undefined).allowed, true);
  });

  it('says at most twenty things, and how many more there are', () => {
    const edges = Array.from({ length: 30 }, (_, i) => ({ from: 'capture', to: `ghost-${i}` }));
    const spec = { ...(good.spec as object), edges };
    const { message, fields } = refused(judge(asked(manifest({ ...good, spec })), undefined));
    assert.equal(fields.length, 20);
    assert.match(message, /\nand 10 more$/);
  });

  it('does not repeat long names in every message', () => {
    const name = 'x'.repeat(30_000);
    const microservices = Array.from({ length: 64 }, (_, i) => ({ name: `${name}${i}` }));
    const edges = Array.from({ length: 256 }, (_, i) => ({ from: 'a', to: `${i}` }));
    const { message } = refused(
      judge(asked(manifest({ ...good, spec: { microservices, edges } })), undefined),
    );
    assert.match(
      message,
      /spec\.microservices\[0\]\.name: "x+\.\.\." has 30001 characters; make it at most 63/,
    );
    assert.ok(message.length < 10_000);
  });

  it('comes for anything at all', () => {
    const kind = fc.constantFrom('ServiceDAG', 'EdgeRegion', 'Pod');
    const spec = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.object(),
    );
    const object = fc.record({ apiVersion: fc.constant(API_VERSION), kind, metadata: fc.anything(), spec });
    fc.assert(
      fc.property(fc.oneof(object, fc.anything()), kind, (value, of) => {
        const verdict = judge(asked(value, { kind: { group: 'edgeloom.dev', kind: of } }), []);
        assert.ok(verdict.allowed || verdict.message.length > 0);
      }),
    );
  });
});
