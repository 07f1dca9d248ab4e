import assert from 'node:assert/strict';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import { parseText } from '#crds/parse.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { warningsOf } from './warnings.ts';

const template = { spec: { containers: [{ name: 'main' }] } };

function dag(spec: object = {}): ServiceDAG {
  const microservices = ['a', 'b'].map((name) => ({ name, template }));
  const whole = { ingress: [{ region: 'north' }], microservices, edges: [{ from: 'a', to: 'b' }], ...spec };
  const manifest = {
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'ServiceDAG',
    metadata: { name: 'd' },
    spec: whole,
  };
  const [read] = parseText(JSON.stringify(manifest), 'dag').serviceDAGs;
  assert.ok(read);
  return read;
}

function region(name: string): EdgeRegion {
  const spec = { tier: 'Edge', nodeSelector: { matchLabels: { region: name } } };
  const manifest = { apiVersion: 'edgeloom.dev/v1alpha1', kind: 'EdgeRegion', metadata: { name }, spec };
  const [read] = parseText(JSON.stringify(manifest), 'region').edgeRegions;
  assert.ok(read);
  return read;
}

describe('warnings', () => {
  const lone = { microservices: ['a', 'b', 'c'].map((name) => ({ name, template })) };
  const cases: Record<string, { spec?: object; regions?: EdgeRegion[]; says: RegExp[] }> = {
    'an ordinary graph has none': { regions: [region('north')], says: [] },
    'a region that is not there': {
      regions: [region('norht')],
      says: [/^spec\.ingress\[0\]\.region: no EdgeRegion "north"; did you mean norht\?$/],
    },
    'a band that its region has not': {
      spec: { ingress: [{ region: 'north', band: 'mmWave' }] },
      regions: [region('north')],
      says: [/^spec\.ingress\[0\]\.band: EdgeRegion north has no band mmWave/],
    },
    'no region is known: they may come later': { regions: [], says: [] },
    'regions are not known yet': { says: [] },
    'a microservice in no edge': { spec: lone, says: [/^spec\.microservices\[2\]: "c" is in no edge/] },
    'microservices without any edge are meant so': { spec: { ...lone, edges: [] }, says: [] },
    'required, but what?': {
      spec: { qos: { enforcement: 'Required' } },
      says: [/^spec\.qos\.enforcement: Required has nothing to enforce/],
    },
    'required, and a limit': { spec: { qos: { enforcement: 'Required', maxLatency: '20ms' } }, says: [] },
  };
  for (const [says, { spec, regions, says: want }] of Object.entries(cases)) {
    it(says, () => {
      const said = warningsOf(dag(spec), regions);
      assert.equal(said.length, want.length, said.join('\n'));
      for (const [i, pattern] of want.entries()) assert.match(said[i] ?? '', pattern);
    });
  }

  it('are few and short', () => {
    const ingress = Array.from({ length: 20 }, (_, i) => ({ region: `r${i}` }));
    const regions = Array.from({ length: 40 }, (_, i) => region(`${'long-'.repeat(10)}${i}`));
    const said = warningsOf(dag({ ingress }), regions);
    assert.equal(said.length, 8);
    assert.ok(said.every((line) => line.length <= 240));
  });
});
