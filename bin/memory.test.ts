import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contexts } from '#memory/context/contexts.ts';
import { featuresFrom } from '#memory/encoders/test-situations.ts';
import { Journal } from '#memory/guard/journal.ts';
import { traceOf } from '#memory/test-traces.ts';
import { traceJson } from '#memory/trace/seal.ts';

const EDGELOOM = new URL('edgeloom', import.meta.url).pathname;

describe('edgeloom memory', function () {
  // Every line below starts a process.
  this.timeout(60_000);
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'edgeloom-memory-'))));
  after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const memory = (...words: string[]): { code: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(EDGELOOM, ['memory', ...words], { encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  };
  const traces = [
    ...Array.from({ length: 12 }, (_, i) => traceOf(i)),
    traceOf(50, { tenant: 'rival', shareable: true, dag: { ...traceOf(50).dag, name: 'rival/app' } }),
    traceOf(51, { tenant: 'rival' }),
  ];
  const jsonl = (list: readonly unknown[]): string => list.map((t) => `${JSON.stringify(t)}\n`).join('');

  it('imports, counts, queries, exports in three formats, and imports those', () => {
    writeFileSync(at('traces.jsonl'), jsonl(traces.map(traceJson)));
    assert.deepEqual(
      JSON.parse(memory('import', '--store', at('a.db'), at('traces.jsonl'), '-o', 'json').out),
      { added: 14, known: 0, reembedded: 0, left: 0 },
    );
    const stats = JSON.parse(memory('stats', '--store', at('a.db'), '-o', 'json').out) as Record<
      string,
      unknown
    >;
    assert.deepEqual([stats['traces'], stats['tenants']], [14, { arena: 12, rival: 2 }]);
    const like = ['query', '--store', at('a.db'), '--tenant', 'arena', '--like', traceOf(3).id, '-k', '3'];
    const { hits } = JSON.parse(memory(...like, '-o', 'json').out) as {
      hits: { id: string; similarity: number }[];
    };
    assert.deepEqual([hits.length, hits[0]?.id], [3, traceOf(3).id]);
    const asText = memory(...like);
    assert.ok(
      asText.out.includes('arena/stitching') && !asText.out.includes('rival'),
      asText.out + asText.err,
    );
    const first = memory('export', '--store', at('a.db')).out;
    for (const name of ['b.json', 'b.graphml', 'b.jsonl']) {
      assert.equal(memory('export', '--store', at('a.db'), '--to', at(name)).code, 0);
      assert.equal(memory('import', '--store', at(`${name}.db`), at(name)).code, 0);
      assert.equal(memory('export', '--store', at(`${name}.db`)).out, first, name);
    }
    const own = memory('export', '--store', at('a.db'), '--tenant', 'arena').out;
    assert.ok(own.split('\n').length === 13 && !own.includes('rival'));
  });

  it('embeds traces of another encoder with the one it comes with, and says which it cannot', () => {
    const contexts = new Contexts();
    const old = featuresFrom([1, 2, 3]).map((features, n) =>
      traceOf(n, {}, { encoderVersion: 'old', context: n === 2 ? undefined : contexts.of(features) }),
    );
    writeFileSync(at('old.jsonl'), jsonl(old.map(traceJson)));
    const said = (...words: string[]): unknown => JSON.parse(memory(...words, '-o', 'json').out);
    said('import', '--store', at('old.db'), at('old.jsonl'));
    assert.match(memory('stats', '--store', at('old.db')).out, /3 traces of 16 numbers by encoder "old"/);
    assert.deepEqual(said('reembed', '--store', at('old.db')), { embedded: 2, traces: 2, stale: 1 });
    assert.match(
      memory('stats', '--store', at('old.db')).out,
      /1 of another encoder .*; none of them can be/,
    );
    const more = old.map(({ context }, n) =>
      traceOf(10 + n, {}, { encoderVersion: 'old', vector: [1, 2, 3], context }),
    );
    writeFileSync(at('more.jsonl'), jsonl(more.map(traceJson)));
    assert.deepEqual(said('import', '--store', at('old.db'), at('more.jsonl')), {
      added: 2,
      known: 0,
      reembedded: 2,
      left: 1,
    });
  });

  it('cleans by count and says what went', () => {
    writeFileSync(at('more.jsonl'), jsonl(traces.map(traceJson)));
    memory('import', '--store', at('gc.db'), at('more.jsonl'));
    const { code, out } = memory('gc', '--store', at('gc.db'), '--max-per-shard', '5', '-o', 'json');
    assert.deepEqual([code, JSON.parse(out)], [0, { aged: 0, evicted: 9 }]);
  });

  it('lists what is in quarantine, and lets in what a person has looked at', async () => {
    writeFileSync(at('q.jsonl'), jsonl(traces.map(traceJson)));
    memory('import', '--store', at('q.db'), at('q.jsonl'));
    const odd = traceOf(77);
    await new Journal(at('q.db.guard.jsonl')).append([
      { kind: 'quarantine', trace: odd, reason: 'too good' },
    ]);
    const listed = memory('quarantine', 'list', '--store', at('q.db'), '-o', 'json');
    const { quarantined } = JSON.parse(listed.out) as { quarantined: { id: string; reason: string }[] };
    assert.deepEqual(
      quarantined.map(({ id, reason }) => [id, reason]),
      [[odd.id, 'too good']],
    );
    const wrong = memory('quarantine', 'release', '--store', at('q.db'), traceOf(3).id);
    assert.deepEqual([wrong.code, /is not in quarantine/.test(wrong.err)], [2, true]);
    const { code, out } = memory('quarantine', 'release', '--store', at('q.db'), odd.id);
    assert.deepEqual([code, out], [0, '1 released\n']);
    assert.match(memory('export', '--store', at('q.db')).out, new RegExp(odd.id));
    assert.doesNotMatch(memory('quarantine', 'list', '--store', at('q.db')).out, new RegExp(odd.id));
  });

  it('refuses bad input with the file and the line, exits 2, and writes nothing', () => {
    const good = JSON.stringify(traceJson(traceOf(1)));
    writeFileSync(
      at('bad.jsonl'),
      `${good}\n\n${good.slice(0, 300)}\n${good.replace('"version":1', '"version":9')}\n`,
    );
    const bad = memory('import', '--store', at('never.db'), at('bad.jsonl'));
    assert.equal(bad.code, 2);
    assert.match(bad.err, /bad\.jsonl:3: it is no JSON/);
    assert.match(bad.err, /bad\.jsonl:4: version: only version 1 is known/);
    assert.match(memory('stats', '--store', at('never.db')).err, /no such memory/);
    writeFileSync(at('text.db'), 'nothing of the kind'.repeat(100));
    const cases: [want: RegExp, words: string[]][] = [
      [/no such file/, ['import', '--store', at('never.db'), at('nowhere.jsonl')]],
      [/no GraphML/, ['import', '--store', at('never.db'), '--format', 'graphml', at('bad.jsonl')]],
      [/no memory of edgeloom/, ['stats', '--store', at('text.db')]],
      [/knows no tenant "ghost"/, ['query', '--store', at('a.db'), '--tenant', 'ghost', '--vector', '[1,2]']],
      [/knows no tenant "ghost"/, ['export', '--store', at('a.db'), '--tenant', 'ghost']],
      [
        /2 numbers where the memory has 16/,
        ['query', '--store', at('a.db'), '--tenant', 'arena', '--vector', '[1,2]'],
      ],
      [/has no trace/, ['query', '--store', at('a.db'), '--tenant', 'arena', '--like', traceOf(51).id]],
      [/JSON list of numbers/, ['query', '--store', at('a.db'), '--tenant', 'arena', '--vector', 'x']],
      [/a duration/, ['gc', '--store', at('a.db'), '--ttl', 'soon']],
      [/no such memory/, ['gc', '--store', at('never.db')]],
    ];
    for (const [want, words] of cases) {
      const { code, err } = memory(...words);
      assert.deepEqual([code, want.test(err)], [2, true], `${words.join(' ')}: ${err}`);
    }
    assert.throws(() => readFileSync(at('never.db')));
  }).timeout(60_000);
});
