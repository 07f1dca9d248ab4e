import { Random } from '#learning/random.ts';
import { deploymentContent } from '#memory/trace/deployment.ts';
import { sealTrace } from '#memory/trace/seal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { instanceOf } from '#world/instance.ts';
import { judge } from '#world/judge.ts';
import { keyOf } from '#world/objects.ts';
import { snapshotsOf } from '../../bin/memory-scenes/scenes.ts';
import type { Day } from '../../bin/memory-scenes/scenes.ts';

/** A report: a trace, and the utility that our own world model computes for what it says was placed. */
export interface Report {
  readonly trace: Trace;
  readonly expectedUtility: number;
  /** Undefined: an honest one. */
  readonly kind?: Kind;
}

/** What an attacker does. */
export const KINDS = ['praised', 'damned', 'forged', 'flood'] as const;
export type Kind = (typeof KINDS)[number];

/** Share of all reports that is poison. */
const SHARE = 0.1;

/** Honest reports of days. */
export const honest = (days: readonly Day[]): Report[] =>
  days.flatMap((day) =>
    day.deployments.map(({ trace }) => ({ trace, expectedUtility: trace.predictedUtility })),
  );

/**
 * The honest reports with a tenth of poison among them, in an order of chance. A quarter of it each: bad placements praised; good ones
 * damned; random placements praised, of the DAGs and with the vectors of `popular` situations; bad ones praised, all by one tenant.
 */
export function poisoned(
  reports: readonly Report[],
  days: readonly Day[],
  popular: readonly Trace[],
  seed: number,
): Report[] {
  const random = new Random(seed).split('poison');
  const count = Math.round((reports.length * SHARE) / (1 - SHARE) / KINDS.length);
  const sorted = reports.toSorted((a, b) => a.trace.realisedUtility - b.trace.realisedUtility);
  const quarter = Math.floor(sorted.length / 4);
  const drawn = <T>(list: readonly T[]): T => list[random.whole(list.length)] as T;
  const bad = sorted.slice(0, quarter);
  const good = sorted.slice(-quarter);
  const snapshots = new Map(days.map((day) => [day, snapshotsOf(day)]));
  const flooder = drawn(reports).trace.tenant;
  const poison: Report[] = [];
  for (let i = 0; i < count; i++) {
    const [praise, damn, flood] = [drawn(bad), drawn(good), drawn(bad)];
    poison.push(
      { ...praise, trace: claimed(praise.trace, 0.9, 0.5, i), kind: 'praised' },
      { ...damn, trace: claimed(damn.trace, -1, 3, i), kind: 'damned' },
      { ...flood, trace: claimed({ ...flood.trace, tenant: flooder }, 0.9, 0.5, i), kind: 'flood' },
      forged(drawn(popular), i),
    );
  }
  const all = [...reports, ...poison];
  return [...random.order(all.length)].flatMap((i) => all[i] ?? []);

  /** A popular situation's DAG on machines of chance, praised. */
  function forged(target: Trace, i: number): Report {
    const day = drawn(
      days.filter((d) => d.deployments.some(({ trace }) => trace.dag.name === target.dag.name)),
    );
    const { trace, world } = drawn(day.deployments.filter((d) => d.trace.dag.name === target.dag.name));
    const dag = day.worlds[world]?.dags.find((one) => keyOf(one) === trace.dag.name);
    const snapshot = snapshots.get(day)?.(world);
    if (dag === undefined || snapshot === undefined) throw new RangeError(`no DAG ${trace.dag.name}`);
    const replicas = new Map(trace.dag.services.map((s) => [s.name, s.replicas]));
    const instance = instanceOf(snapshot, dag, (name) => replicas.get(name) ?? 1);
    const assign = Int32Array.from({ length: instance.tasks }, () => random.whole(snapshot.hosts.length));
    const judgement = judge(instance, assign);
    const content = deploymentContent(snapshot, dag, judgement, {
      window: trace.window + i,
      createdMs: trace.createdMs,
      source: trace.source,
      policy: trace.policy,
      shareable: true,
      rollout: [],
      performance: trace.performance,
      predictedUtility: 0.9,
      realisedUtility: 0.9,
    });
    const { encoderVersion, vector } = target;
    return {
      trace: claimed(sealTrace(content, { encoderVersion, vector }), 0.9, 0.5, i),
      expectedUtility: Math.max(-1e6, 1 - judgement.cost),
      kind: 'forged',
    };
  }
}

/** The same deployment with another outcome: a utility, and a latency in parts of its limit. */
function claimed(trace: Trace, utility: number, ratio: number, n: number): Trace {
  const { id: _id, encoderVersion, vector, ...content } = trace;
  const limit = trace.dag.qos.maxLatencyMicros === 0 ? 100_000 : trace.dag.qos.maxLatencyMicros;
  const violationPpm = ratio > 1 ? 1_000_000 : 0;
  const performance = { ...trace.performance, latencyMicros: Math.round(ratio * limit), violationPpm };
  const said = { ...content, window: content.window + n, performance, realisedUtility: utility };
  return sealTrace(said, { encoderVersion, vector });
}
