import { parseText } from '#crds/parse.ts';
import { EventQueue } from '#simulator/engine/event-queue.ts';
import { drawAt, exponential, seedOf, stream } from '#simulator/engine/random.ts';
import { Simulation } from '#simulator/engine/simulation.ts';
import { Telemetry } from '#simulator/engine/observation.ts';
import { Timeline } from '#simulator/engine/timeline.ts';
import type { City } from '#simulator/city.ts';
import type { Exogenous } from '#simulator/exogenous.ts';
import type { Placement } from '#simulator/orchestrator.ts';
import type { RunSettings } from '#simulator/settings.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import type { Item } from '#world/test-world.ts';
import { sectionsAsked, wantsJson } from './arguments.ts';
import { figure, report } from './report.ts';

/** `make bench-simulator`: events per second of the bare queue and of the full model, and memory over simulated time. */
sectionsAsked({
  name: 'simulator',
  about: 'Events a second of the simulator, bare and with a city in it.',
});
const KERNEL_EVENTS = 5_000_000;
const PENDING = 1000;

/** Hold model: each event schedules one more after an exponential time. Events/s, the best of five (other work only slows). */
function kernelRate(): number {
  const draw = stream(1, 'kernel');
  const gaps = Float64Array.from({ length: 65_536 }, () => Math.round(exponential(draw(), 10_000)));
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const queue = new EventQueue();
    for (let i = 0; i < PENDING; i++) queue.schedule(gaps[i] ?? 0, i & 3, i);
    const started = performance.now();
    for (let i = 0; i < KERNEL_EVENTS; i++) {
      queue.pop();
      queue.schedule(queue.time + (gaps[(queue.what * 31 + i) & 65_535] ?? 0), i & 3, queue.what);
    }
    best = Math.max(best, KERNEL_EVENTS / ((performance.now() - started) / 1000));
  }
  return best;
}

const REGIONS = 16;
const NODES = 200;
const DAGS = 48;
const RATE = 500;

/** 200 edge servers in 16 regions on a ring with chords; 48 graphs of 8 services with a fork and a join, two ingress regions each. */
function city(): { city: City; placements: Placement[] } {
  const name = (r: number): string => `region-${r % REGIONS}`;
  const items: Item[] = [];
  for (let r = 0; r < REGIONS; r++) {
    items.push(
      region(name(r), {
        attachment: { latency: '200us', bandwidth: '10G' },
        links: [1, 5].map((hop) => ({
          from: name(r),
          to: name(r + hop),
          latency: `${400 * hop}us`,
          bandwidth: '40G',
        })),
        bands: [{ name: 'sub6', latency: '4ms', bandwidth: '200M' }],
      }),
    );
  }
  for (let n = 0; n < NODES; n++) items.push(node(`node-${n}`, { region: name(n), cpu: '16', mips: 3000 }));
  const placements: Placement[] = [];
  for (let d = 0; d < DAGS; d++) {
    const microservices = Array.from({ length: 8 }, (_, s) =>
      service(`s${s}`, { work: '2M', replicas: 4, max: 8 }),
    );
    const pairs = [
      [0, 1],
      [1, 2],
      [1, 3],
      [2, 4],
      [3, 4],
      [4, 5],
      [5, 6],
      [6, 7],
    ];
    const edges = pairs.map(([from, to]) => ({
      from: `s${from}`,
      to: `s${to}`,
      payload: '20k',
      sync: to === 4,
    }));
    const ingress = [d, d + 3].map((r) => ({
      region: name(r),
      band: 'sub6',
      payload: '50k',
      requestsPerSecond: String(RATE),
    }));
    items.push(dag(`dag-${d}`, { ingress, qos: { maxLatency: '50ms' }, microservices, edges }));
    const replicas = microservices.flatMap((_, s) =>
      [0, 1, 2, 3].map((r) => ({ microservice: `s${s}`, node: `node-${(d * 37 + s * 5 + r * 53) % NODES}` })),
    );
    placements.push({ dag: `default/dag-${d}`, replicas });
  }
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { nodes, edgeRegions: regions, serviceDAGs: dags } = parseText(text, 'bench');
  return { city: { name: 'bench', nodes, regions, dags, sites: [] }, placements };
}

function fate({ dags }: City): Exogenous {
  const [air, size, work] = ['air', 'size', 'work'].map((name) => seedOf(7, name));
  return {
    sources: dags.flatMap((one, d) =>
      one.spec.ingress.map((_, ingress) => {
        const draw = stream(7, `arrivals/${d}/${ingress}`);
        let now = 0;
        return { dag: d, ingress, next: () => Math.round((now += exponential(draw(), 1e6 / RATE))) };
      }),
    ),
    disruptions: [],
    radio: {
      access: (request) => ({ extraMicros: exponential(drawAt(air ?? 0, request, 0), 500), lost: false }),
    },
    work: {
      payloadFactor: (request) => 0.5 + drawAt(size ?? 0, request, 0),
      serviceFactor: (request, m) => 0.5 + drawAt(work ?? 0, request, m),
    },
    rateAt: () => RATE,
  };
}

const PERIOD = 1_000_000;

function simulation(seconds: number): { advance: (seconds: number) => void; own: Simulation } {
  const { city: built, placements } = city();
  const exogenous = fate(built);
  const settings: RunSettings = {
    scenario: 'bench',
    scenarioDigest: 'bench',
    seed: 7,
    replication: 0,
    untilMicros: seconds * 1e6,
    warmupMicros: 0,
    periodMicros: PERIOD,
    windowMicros: 60 * PERIOD,
    sampledShare: 1,
    patienceMicros: 2_000_000,
    coldStart: { imageMicros: 0, startMicros: 0 },
    detectionMicros: 1_000_000,
  };
  const own = new Simulation(built, exogenous, settings);
  const telemetry = new Telemetry(own, exogenous.sources, settings.windowMicros, 1);
  const timeline = new Timeline(own, 0, 1);
  own.apply(placements);
  const advance = (count: number): void => {
    for (let s = 0; s < count; s++) {
      own.run(own.now + PERIOD);
      telemetry.close();
      timeline.close();
    }
  };
  return { advance, own };
}

const kernel = kernelRate();

const SECONDS = 60;
const { advance, own } = simulation(SECONDS);
advance(SECONDS / 10);
const memory: number[] = [process.memoryUsage.rss()];
let rate = 0;
for (let tenth = 1; tenth < 10; tenth++) {
  const before = own.events;
  const started = performance.now();
  advance(SECONDS / 10);
  rate = Math.max(rate, (own.events - before) / ((performance.now() - started) / 1000));
  memory.push(process.memoryUsage.rss());
}
const growth = 100 * ((memory.at(-1) ?? NaN) / (memory[0] ?? NaN) - 1);
if (!wantsJson()) {
  const totals = own.recorder.byDag.reduce((sum, { completed }) => sum + completed, 0);
  process.stdout.write(
    `${NODES} nodes, ${REGIONS} regions, ${DAGS} graphs of 8 services with 4 replicas, ${2 * DAGS * RATE} requests/s:\n` +
      `${own.events} events, ${totals} requests completed in ${SECONDS} simulated seconds, ` +
      `${Math.round((memory.at(-1) ?? NaN) / 2 ** 20)} MiB resident\n`,
  );
}

report('simulator', [
  figure('simulator.kernel.rate', kernel, 'events/s', '>= 5000000', 5),
  figure('simulator.model.rate', rate, 'events/s', '>= 1000000', 9),
  figure('simulator.memory.growth', growth, '%', '<= 10', 10),
]);
