import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contentOf, traceOf } from '#memory/test-traces.ts';
import { canonicalJson } from './canonical.ts';
import { compact, expand } from './compact.ts';
import { RefusedTrace } from './refusal.ts';
import { dagHash, parseTrace, sealTrace, traceJson } from './seal.ts';
import { withoutMetadata } from './shared.ts';
import type { TraceContent } from './trace.ts';

const good = { encoderVersion: 'e1', vector: [1, 2, 3] };
const field = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof RefusedTrace, String(error));
    return error.field;
  }
  return 'accepted';
};

describe('a trace', () => {
  it('survives compact and expand, and JSON, with its id', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.boolean(), (n, replan) => {
        const t = traceOf(
          n,
          replan ? { replanOf: 'ab'.repeat(32), shareable: true, source: 'observed' } : {},
        );
        const { id: _id, encoderVersion: _e, vector: _v, ...content } = t;
        assert.deepEqual(expand(compact(content)), content);
        assert.deepEqual(parseTrace(JSON.parse(JSON.stringify(traceJson(t)))), t);
      }),
      { numRuns: 50 },
    );
  });

  it('has an id of its content: order of members and the vector do not count, every value does', () => {
    const content = contentOf(3);
    const turned = Object.fromEntries(Object.entries(content).toReversed()) as unknown as TraceContent;
    const id = sealTrace(content, good).id;
    assert.equal(sealTrace(turned, { encoderVersion: 'e2', vector: [4] }).id, id);
    assert.notEqual(sealTrace({ ...content, window: content.window + 1 }, good).id, id);
    assert.equal(canonicalJson({ b: [1, { d: 2, c: undefined }], a: 'x' }), '{"a":"x","b":[1,{"d":2}]}');
  });

  it('has a DAG hash that names and load do not change, and structure does', () => {
    const { dag } = contentOf(3);
    const renamed = {
      ...dag,
      name: 'other/dag',
      ingress: [],
      services: dag.services.map((s) => ({ ...s, name: `x-${s.name}` })),
      calls: dag.calls.map((c) => ({ ...c, from: `x-${c.from}`, to: `x-${c.to}` })),
    };
    assert.equal(dagHash(renamed), dagHash(dag));
    assert.notEqual(dagHash({ ...dag, calls: dag.calls.slice(1) }), dagHash(dag));
  });

  const content = contentOf(1);
  const [first] = content.dag.services;
  const [call] = content.dag.calls;
  const step = content.rollout[0]!;
  const cases: Record<string, [field: string, make: () => unknown]> = {
    'NaN in the vector': ['vector[1]', () => sealTrace(content, { ...good, vector: [1, NaN] })],
    'a number too large for 32 bits': ['vector[0]', () => sealTrace(content, { ...good, vector: [1e60] })],
    'a vector without direction': ['vector', () => sealTrace(content, { ...good, vector: [0, 0] })],
    'an empty vector': ['vector', () => sealTrace(content, { ...good, vector: [] })],
    'no encoder': ['encoderVersion', () => sealTrace(content, { ...good, encoderVersion: '' })],
    'an infinite utility': [
      'realisedUtility',
      () => sealTrace({ ...content, realisedUtility: Infinity }, good),
    ],
    'NaN utility': ['predictedUtility', () => sealTrace({ ...content, predictedUtility: NaN }, good)],
    'a utility above 1': ['realisedUtility', () => sealTrace({ ...content, realisedUtility: 1.01 }, good)],
    'a service twice': [
      'dag.services[1].name',
      () => sealTrace({ ...content, dag: { ...content.dag, services: [first!, first!] } }, good),
    ],
    'a call to nobody': [
      'dag.calls[0].to',
      () => sealTrace({ ...content, dag: { ...content.dag, calls: [{ ...call!, to: 'ghost' }] } }, good),
    ],
    'a placement on no node': [
      'map.placements[0].node',
      () => sealTrace({ ...content, map: { ...content.map, nodes: [] } }, good),
    ],
    'a rollout that is too long': [
      'rollout',
      () => sealTrace({ ...content, rollout: Array(513).fill(step) }, good),
    ],
    'an unknown member': ['', () => parseTrace({ ...content, ...good, extra: 1 })],
    'another version': ['version', () => parseTrace({ ...content, ...good, version: 2 })],
    'an id of other content': ['id', () => parseTrace({ ...content, ...good, id: 'ab'.repeat(32) })],
    'no object': ['', () => parseTrace('trace')],
  };
  for (const [name, [want, make]] of Object.entries(cases)) {
    it(`refuses ${name}`, () => assert.equal(field(make), want));
  }

  it('refuses what is larger than the cap', () => {
    const routes = Array.from({ length: 600 }, (_, i) => ({
      ...content.map.routes[0]!,
      via: ['edge-1', `a-rather-long-name-of-a-gateway-${i}-that-nobody-would-type`],
    }));
    assert.throws(
      () => sealTrace({ ...content, map: { ...content.map, routes } }, good),
      /bytes, the limit is 65536/,
    );
  });

  it('shows another tenant no name of the application, its load, time, vector or history', () => {
    const own = traceOf(5, {
      tenant: 'secret-tenant',
      slice: 'secret-slice',
      policy: 'secret-policy',
      replanOf: 'cd'.repeat(32),
    });
    const seen = JSON.stringify(traceJson(withoutMetadata(own)));
    for (const secret of ['secret', 'stitching', 'arena', 'cdcd', '"requestsPerSecond"']) {
      assert.ok(!seen.includes(secret), secret);
    }
    const there = withoutMetadata({
      ...own,
      dag: { ...own.dag, services: own.dag.services.map((s) => ({ ...s, name: `my-${s.name}` })) },
    });
    assert.ok(!JSON.stringify(there.dag).includes('my-'));
    assert.equal(there.vector.length, 0);
    assert.deepEqual(there.performance, own.performance);
    assert.equal(there.map.placements.length, own.map.placements.length);
  });
});
