import type { RunResult } from '../result.ts';
import { quantileOf } from '../statistics/distribution.ts';
import { mean } from '../statistics/moments.ts';

type Cell = (run: RunResult) => string | number;

const columns: Readonly<Record<string, Cell>> = {
  scenario: (r) => r.scenario,
  scenario_digest: (r) => r.scenarioDigest,
  orchestrator: (r) => r.orchestrator,
  seed: (r) => r.seed,
  replication: (r) => r.replication,
  simulated_seconds: (r) => r.simulatedMicros / 1e6,
  sampled_share: (r) => r.sampledShare,
  events: (r) => r.events,
  arrived: (r) => r.total.arrived,
  completed: (r) => r.total.completed,
  lost: (r) => r.total.lost,
  expired: (r) => r.total.expired,
  refused: (r) => r.total.refused,
  violated: (r) => r.total.violated,
  latency_mean_us: (r) => r.total.latency.mean,
  latency_p50_us: (r) => quantileOf(r.total.latency, 0.5),
  latency_p95_us: (r) => quantileOf(r.total.latency, 0.95),
  latency_p99_us: (r) => quantileOf(r.total.latency, 0.99),
  latency_deviation_us: (r) => r.total.latency.deviation,
  access_us: (r) => r.total.parts.access,
  queue_us: (r) => r.total.parts.queue,
  serve_us: (r) => r.total.parts.serve,
  transfer_us: (r) => r.total.parts.transfer,
  sync_mean_us: (r) => r.total.syncMicros.mean,
  moves: (r) => r.moves,
  node_utilisation_mean: (r) => mean(r.nodeUtilisation),
  infeasible_plans: (r) => r.infeasiblePlans,
  plan_mean_ms: (r) => mean(r.decisionMillis.plan),
  act_mean_ms: (r) => mean(r.decisionMillis.act),
};

/** One line per run (RFC 4180), with the columns docs/evaluation.md lists. */
export function runsCsv(results: readonly RunResult[]): string {
  const lines = results.map((run) => Object.values(columns).map((cell) => escaped(cell(run))));
  return [Object.keys(columns), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function escaped(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
