import { deploymentPlanSpec } from '#crds/deploymentplan.ts';
import { givenDag, givenPlan } from '#operator/given.ts';
import type { CachedDag, CachedPlan } from '#operator/objects.ts';
import { decide, NOTHING } from '#operator/controllers/telemetry/decide.ts';
import type { State } from '#operator/controllers/telemetry/decide.ts';
import { edgesOf } from '#operator/routing/edge.ts';
import { FakePrometheus } from '#operator/telemetry/fake-prometheus.ts';
import { measuredOf } from '#operator/telemetry/measured.ts';
import { PrometheusSource } from '#operator/telemetry/prometheus.ts';
import { seriesOf } from '#operator/telemetry/series.ts';
import { sectionsAsked } from './arguments.ts';
import { figure, median, report } from './report.ts';

sectionsAsked({
  name: 'telemetry',
  about: 'What one look at the measurements of many ServiceDAGs costs, and what it writes.',
});
const DAGS = 50;
const SERVICES = 20;
const EDGES = 25;
const LOOKS = 40;
const PERIOD_MS = 15_000;

/** A ServiceDAG of 20 microservices with 25 edges, each split over two regions. */
function application(d: number): { dag: CachedDag; plan: CachedPlan } {
  const [service] = givenDag().spec.microservices;
  const microservices = Array.from({ length: SERVICES }, (_, i) => ({ ...service, name: `s${i}` }));
  const edges = Array.from({ length: EDGES }, (_, i) => {
    const from = i % 10;
    return { from: `s${from}`, to: `s${10 + ((from + Math.floor(i / 10) * 3) % 10)}`, payload: '1Ki' };
  });
  const ingress = [{ region: 'north', requestsPerSecond: '100' }];
  const dag = givenDag({ microservices, edges, ingress } as Parameters<typeof givenDag>[0], `app${d}`);
  const routes = edges.map(({ from, to }) => ({
    from,
    to,
    slice: 'immersive',
    paths: ['north', 'south'].map((toRegion) => ({
      via: ['a'],
      fromRegion: 'north',
      toRegion,
      weightPpm: 500_000,
    })),
  }));
  const plan = givenPlan();
  return { dag, plan: { ...plan, spec: deploymentPlanSpec.parse({ ...plan.spec, routes }) } };
}

const all = Array.from({ length: DAGS }, (_, d) => application(d));
const prometheus = await FakePrometheus.start();
for (const { dag } of all) {
  const { name } = dag.metadata;
  prometheus.clusters.set(`service/default/${name}-s0/8080/http`, { rate: 100, meanMs: 8, p99Ms: 20 });
  for (const { from, to } of dag.spec.edges)
    for (const group of ['north', 'south'])
      prometheus.clusters.set(`default/${name}-${from}-to-${to}-immersive/${group}`, {
        rate: 50,
        meanMs: 3,
        p99Ms: 9,
      });
}
const source = new PrometheusSource({ url: prometheus.url, nowMs: () => Date.now() });
// The operator makes the names when a plan is made, not at every look.
const series = all.flatMap(({ dag, plan }) => seriesOf(dag, edgesOf(dag, plan, [])));
const states = new Map<string, State>();
const reads: number[] = [];
const judges: number[] = [];
let news = 0;
for (let look = 0; look < LOOKS; look++) {
  const before = process.cpuUsage();
  const reading = await source.read({ mesh: false }, new AbortController().signal);
  const read = process.cpuUsage(before);
  reads.push((read.user + read.system) / 1000);
  const startedMs = performance.now();
  const measured = measuredOf(reading, series);
  for (const { dag, plan } of all) {
    const key = `default/${dag.metadata.name}`;
    const { state, isNews } = decide(states.get(key) ?? NOTHING, {
      dag,
      plan,
      isPlaced: true,
      isAsPlanned: true,
      utilisation: 0.5,
      measured: measured.get(key),
      failure: undefined,
      replannedMs: undefined,
      periodMs: PERIOD_MS,
      windowMs: source.windowSeconds * 1000,
      nowMs: look * PERIOD_MS,
    });
    states.set(key, state);
    if (look > 0) news += Number(isNews);
  }
  judges.push(performance.now() - startedMs);
}
await prometheus.stop();

const edges = all.reduce((sum, { dag }) => sum + dag.spec.edges.length, 0);
// The read counts the fake Prometheus too, which is in this process.
report(`telemetry of ${DAGS} ServiceDAGs, ${edges} edges, ${prometheus.clusters.size} series`, [
  figure('telemetry.queries', prometheus.queries.length / LOOKS, 'a look', '<= 5', LOOKS),
  figure('telemetry.read.cpu', median(reads), 'ms', '<= 300', LOOKS),
  figure('telemetry.judge', median(judges), 'ms', '<= 150', LOOKS),
  figure('telemetry.news.steady', news, 'writes', '<= 0', LOOKS),
]);
