import assert from 'node:assert/strict';
import { city } from '../../processes/test-city.ts';
import { jobOf, resultOf } from '../test-runs.ts';
import { latencyCdf } from './latency-cdf.ts';
import { svgOf } from './render.ts';
import { timeLines } from './time-lines.ts';
import { utilisationMap } from './utilisation-map.ts';

const runs = ['static', 'search'].map((orchestrator) => resultOf(jobOf({ orchestrator })));
const wellFormed = (svg: string): void => {
  assert.match(svg, /^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
};

describe('pictures', () => {
  it('of latency name the orchestrators and the axis', async () => {
    const svg = await svgOf(latencyCdf('S3', runs));
    wellFormed(svg);
    for (const text of ['S3: latency of completed requests', 'latency, ms', '>static<', '>search<'])
      assert.ok(svg.includes(text), text);
  });

  it('over time have a dash for the failure and a panel for nodes that are down', async () => {
    const svg = await svgOf(timeLines('S3', runs));
    wellFormed(svg);
    for (const text of ['>nodes down<', '>moves<', '>requests/s<', 'stroke-dasharray="4,3"'])
      assert.ok(svg.includes(text), text);
  });

  it('of the city are drawn where servers have places, and only there', async () => {
    const placed = city();
    assert.equal(utilisationMap('S3', placed, runs), undefined);
    const nodes = placed.nodes.map((node, i) => ({
      ...node,
      metadata: {
        ...node.metadata,
        annotations: { 'edgeloom.dev/latitude': String(i), 'edgeloom.dev/longitude': String(2 * i) },
      },
    }));
    const spec = utilisationMap('S3', { ...placed, nodes }, runs);
    assert.ok(spec);
    const svg = await svgOf(spec);
    wellFormed(svg);
    assert.ok(svg.includes('>CPU busy<'));
  });

  it('are the same for the same results', async () =>
    assert.equal(await svgOf(timeLines('S3', runs)), await svgOf(timeLines('S3', runs))));
});
