import assert from 'node:assert/strict';
import fc from 'fast-check';
import { failedCheck } from '#world/feasibility.ts';
import type { Fit } from '#world/feasibility.ts';
import { decide } from './decide.ts';
import type { Decision, Sight } from './decision.ts';
import { bound, given, givenNode, givenPlan, givenPod, pinned } from './given.ts';

/** `p1→a,b Planned` or `p1 waits: NoNodeFits`. */
const said = (decision: Decision): string =>
  decision.kind === 'pin'
    ? `${decision.pod.metadata.name}→${decision.ranked.map((r) => r.node).join(',')} ${decision.reason}`
    : `${decision.pod.metadata.name} waits: ${decision.reason}`;

describe('decide, whatever the world', () => {
  interface Draw {
    cpus: number[];
    lost: boolean[];
    pods: { cpu: number; back: boolean; at: number }[];
    planned: number[];
  }
  const nodeName = (n: number): string => `n${n}`;
  const drawn: fc.Arbitrary<Draw> = fc.record({
    cpus: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 }),
    lost: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    pods: fc.array(
      fc.record({
        cpu: fc.integer({ min: 1, max: 3 }),
        back: fc.boolean(),
        at: fc.integer({ min: -2, max: 4 }),
      }),
      { maxLength: 10 },
    ),
    planned: fc.array(fc.nat(6), { minLength: 1, maxLength: 6 }),
  });
  const sightOf = ({ cpus, lost, pods, planned }: Draw): Sight =>
    given({
      nodes: cpus.map((cpu, n) => givenNode(nodeName(n), { cpu: String(cpu), ready: lost[n] !== true })),
      plans: [
        givenPlan({ front: planned.map((n) => [nodeName(n)]), back: planned.map((n) => [nodeName(n + 1)]) }),
      ],
      pods: pods.map(({ cpu, back, at }, i) => {
        const pod = givenPod(`p${i}`, { cpu: String(cpu), microservice: back ? 'back' : 'front' });
        return at < 0 ? pod : at % 2 === 0 ? bound(pod, nodeName(at)) : pinned(pod, nodeName(at));
      }),
    });

  it('never fills a node beyond its room, and only pins where every check passes', () => {
    fc.assert(
      fc.property(drawn, (draw) => {
        const sight = sightOf(draw);
        const used = draw.cpus.map(() => 0);
        draw.pods.forEach(({ cpu, at }) => (at >= 0 && at < used.length ? (used[at]! += cpu) : 0));
        for (const decision of decide(sight)) {
          if (decision.kind !== 'pin') continue;
          for (const { node } of decision.ranked) {
            const host = sight.snapshot.hosts.find(({ name }) => name === node)!;
            const template = decision.pod.spec as Fit['template'];
            assert.equal(failedCheck({ host, slice: 'massive', template }), undefined);
          }
          const at = Number(decision.ranked[0]!.node.slice(1));
          used[at]! += draw.pods[Number(decision.pod.metadata.name.slice(1))]!.cpu;
          assert.ok(used[at]! <= draw.cpus[at]!, `${decision.ranked[0]!.node} over its room`);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('lets nobody wait while a node of the region has room for it', () => {
    fc.assert(
      fc.property(drawn, (draw) => {
        const decisions = decide(sightOf(draw));
        const free = draw.cpus.map((cpu, n) => (draw.lost[n] === true ? -1 : cpu));
        draw.pods.forEach(({ cpu, at }) => (at >= 0 && at < free.length ? (free[at]! -= cpu) : 0));
        const cpuOf = (d: Decision): number => draw.pods[Number(d.pod.metadata.name.slice(1))]!.cpu;
        for (const d of decisions)
          if (d.kind === 'pin') free[Number(d.ranked[0]!.node.slice(1))]! -= cpuOf(d);
        for (const d of decisions) if (d.kind === 'wait') assert.ok(cpuOf(d) > Math.max(...free), said(d));
      }),
      { numRuns: 200 },
    );
  });

  it('decides the same whatever the order of the objects', () => {
    fc.assert(
      fc.property(drawn, (draw) => {
        const sight = sightOf(draw);
        const { nodes, pods = [], plans = [], ...rest } = sight.objects;
        const turned = given({ ...rest, nodes: nodes.toReversed(), pods: pods.toReversed(), plans });
        assert.deepEqual(decide(sight).map(said), decide(turned).map(said));
      }),
      { numRuns: 100 },
    );
  });
});
