/**
 * Regenerates hack/demo/data from a folder of public data sets:
 *
 *   node hack/demo/extract.ts DIR [--check]
 *
 * DIR holds bs-melbourne-eua, callgraphs-mubench, traces-onlineboutique-nezha and k8s-app-resources; NOTICE.md in
 * hack/demo/data names where each comes from. The same DIR gives the same bytes. `--check` writes nothing and fails
 * when a file would change.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { cell, formatCsv, numberCell, parseCsv, type Row } from './csv.ts';
import { writeOrCheck } from './files.ts';
import { clusterSites, pickSites, type Site } from './geography.ts';

const REGIONS = ['cbd-west', 'cbd-central', 'cbd-east'] as const;
const SITES_PER_REGION = 12;
const APP = 'online-boutique';
const DAY = join('traces-onlineboutique-nezha', '2022-08-23');
// checkoutservice asks currencyservice without handing on the trace: a leaf span that is all waiting for the callee.
const LOST_CALLEE = { operation: 'hipstershop.CheckoutService/ConvertCurrency', callee: 'currencyservice' };

const read = (dir: string, name: string): string => {
  const path = join(dir, name);
  if (!existsSync(path))
    throw new Error(`${name} is not in the data folder; see hack/demo/data/NOTICE.md for its source`);
  const bytes = readFileSync(path);
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
};

function sites(dir: string): string {
  const name = 'bs-melbourne-eua/site-optus-melbCBD.csv';
  const all: Site[] = parseCsv(read(dir, name), name).map((row) => ({
    id: cell(row, 'SITE_ID', name),
    latitude: numberCell(row, 'LATITUDE', name),
    longitude: numberCell(row, 'LONGITUDE', name),
  }));
  const rows = clusterSites(all, REGIONS.length).flatMap((cluster, c) =>
    pickSites(cluster, SITES_PER_REGION).map((site) => [
      REGIONS[c] ?? '',
      site.id,
      site.latitude,
      site.longitude,
    ]),
  );
  return formatCsv(['region', 'site_id', 'latitude', 'longitude'], rows);
}

interface Span {
  readonly id: string;
  readonly parent: string;
  readonly service: string;
  readonly operation: string;
  readonly start: bigint;
  readonly end: bigint;
}

const toSpan = (row: Row): Span => ({
  id: cell(row, 'SpanID', 'trace'),
  parent: cell(row, 'ParentID', 'trace'),
  service: cell(row, 'PodName', 'trace').split('-').slice(0, -2).join('-'),
  operation: cell(row, 'OperationName', 'trace'),
  start: BigInt(cell(row, 'StartTimeUnixNano', 'trace')),
  end: BigInt(cell(row, 'EndTimeUnixNano', 'trace')),
});

/** Duration minus the time covered by children (overlaps counted once), in microseconds. */
function selfMicros(span: Span, children: readonly Span[]): number {
  let covered = 0n;
  let from = span.start;
  for (const child of children.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    const start = child.start > from ? child.start : from;
    const end = child.end < span.end ? child.end : span.end;
    if (end > start) {
      covered += end - start;
      from = end;
    }
  }
  return Number(span.end - span.start - covered) / 1000;
}

/**
 * One invocation of a service is a span whose parent is another service's (or nobody's), with all spans below it in
 * the same pod. Its service time is the sum of their self times, without spans that only wait for another service.
 */
function measure(spans: readonly Span[]): { times: Map<string, number[]>; calls: Map<string, number> } {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const children = new Map<string, Span[]>();
  for (const span of spans) children.set(span.parent, [...(children.get(span.parent) ?? []), span]);
  const below = (span: Span): Span[] => children.get(span.id) ?? [];
  const waits = (span: Span): boolean =>
    span.operation === LOST_CALLEE.operation || below(span).some((child) => child.service !== span.service);
  const inside = (span: Span): number =>
    (waits(span) ? 0 : selfMicros(span, below(span))) +
    below(span)
      .filter((child) => child.service === span.service)
      .reduce((sum, child) => sum + inside(child), 0);

  const times = new Map<string, number[]>();
  const calls = new Map<string, number>();
  const count = (from: string, to: string): void =>
    void calls.set(`${from},${to}`, (calls.get(`${from},${to}`) ?? 0) + 1);
  for (const span of spans) {
    const parent = byId.get(span.parent);
    if (span.operation === LOST_CALLEE.operation) count(span.service, LOST_CALLEE.callee);
    if (parent?.service === span.service) continue;
    times.set(span.service, [...(times.get(span.service) ?? []), inside(span)]);
    if (parent !== undefined) count(parent.service, span.service);
  }
  return { times, calls };
}

function nezha(dir: string): { services: string; edges: string } {
  const spans = parseCsv(read(dir, join(DAY, 'trace', '17_00_trace.csv.gz')), 'trace').map(toSpan);
  const { times, calls } = measure(spans);
  const metrics = readdirSync(join(dir, DAY, 'metric')).filter((file) => file.endsWith('_metric.csv.gz'));
  const services = [...times.keys()].sort().map((service) => {
    const file = metrics.find((name) => name.startsWith(`${service}-`));
    if (file === undefined) throw new Error(`no minute metrics for ${service}`);
    const minutes = parseCsv(read(dir, join(DAY, 'metric', file)), file);
    const of = (column: string): number => median(minutes.map((row) => numberCell(row, column, file)));
    const own = times.get(service) ?? [];
    return [
      service,
      own.length,
      Math.round(median(own)),
      of('CpuUsage(m)').toFixed(1),
      of('MemoryUsage(Mi)').toFixed(0),
    ];
  });
  // The measured call graph; the rows after it lead to hosts' addresses. Sorted, since the file's order means nothing.
  const name = join(DAY, 'metric', 'dependency.csv.gz');
  const edges = parseCsv(read(dir, name), name)
    .filter((row) => times.has(cell(row, 'Source', name)) && times.has(cell(row, 'Target', name)))
    .map(
      (row) =>
        [cell(row, 'Source', name), cell(row, 'Target', name), numberCell(row, 'Weight', name)] as const,
    )
    .toSorted(([a, b], [c, d]) => (`${a},${b}` < `${c},${d}` ? -1 : 1))
    .map(([from, to, weight]) => [from, to, weight, calls.get(`${from},${to}`) ?? 0]);
  return {
    services: formatCsv(
      ['service', 'invocations', 'self_median_us', 'cpu_used_milli', 'memory_used_mi'],
      services,
    ),
    edges: formatCsv(['from', 'to', 'weight', 'calls'], edges),
  };
}

function requests(dir: string): string {
  const name = 'k8s-app-resources/resources.csv';
  const rows = parseCsv(read(dir, name), name).filter((row) => row['app'] === APP);
  const columns = ['service', 'replicas', 'cpu_request', 'mem_request'];
  return formatCsv(
    columns,
    rows.map((row) => columns.map((column) => cell(row, column, name))),
  );
}

/** The source lists every edge in both directions; which way a call goes is in the measured graph. */
function bandwidths(dir: string): string {
  const name = 'k8s-app-resources/edges.csv';
  const rows = parseCsv(read(dir, name), name).filter((row) => row['app'] === APP);
  const columns = ['source', 'target', 'min_bandwidth'];
  return formatCsv(
    columns,
    rows.map((row) => columns.map((column) => cell(row, column, name))),
  );
}

interface WorkModel {
  readonly [service: string]: {
    readonly teastore_ref?: string;
    readonly external_services: readonly {
      readonly services: readonly string[];
      readonly probabilities?: Readonly<Record<string, number>>;
    }[];
    readonly internal_service: {
      readonly loader: {
        readonly cpu_stress: {
          readonly run: boolean;
          readonly range_complexity: readonly number[];
          readonly trials: number;
        };
        readonly mean_response_size: number;
      };
    };
    readonly 'cpu-requests'?: string;
  };
}

/** Keeps what a ServiceDAG needs: who calls whom and how often, the CPU part of the work, the size of the answer. */
function workModel(dir: string, file: string): { services: string; calls: string } {
  const model = JSON.parse(read(dir, join('callgraphs-mubench', file))) as WorkModel;
  const nameOf = (key: string): string => model[key]?.teastore_ref ?? key;
  const services = Object.entries(model).map(([key, service]) => {
    const { cpu_stress: cpu, mean_response_size: responseKb } = service.internal_service.loader;
    const digits = cpu.range_complexity[0] ?? 0;
    return [
      nameOf(key),
      cpu.run ? 'yes' : 'no',
      digits,
      cpu.trials,
      responseKb,
      service['cpu-requests'] ?? '',
    ];
  });
  const calls = Object.entries(model).flatMap(([key, service]) =>
    service.external_services.flatMap((group) =>
      group.services.map((to) => [nameOf(key), nameOf(to), group.probabilities?.[to] ?? 1]),
    ),
  );
  return {
    services: formatCsv(
      ['service', 'cpu_stress', 'digits', 'trials', 'response_kb', 'cpu_request'],
      services,
    ),
    calls: formatCsv(['from', 'to', 'probability'], calls),
  };
}

function main(args: readonly string[]): number {
  const [dir, ...extra] = args.filter((arg) => arg !== '--check');
  if (dir === undefined || extra.length > 0) {
    console.error('usage: node hack/demo/extract.ts DIR [--check]');
    return 2;
  }
  try {
    const boutique = nezha(dir);
    const mubench = workModel(dir, 'workmodelC.json');
    const teastore = workModel(dir, 'workmodel-teastore-emulation.json');
    const files = {
      'melbourne-sites.csv': sites(dir),
      'boutique-services.csv': boutique.services,
      'boutique-calls.csv': boutique.edges,
      'boutique-requests.csv': requests(dir),
      'boutique-bandwidths.csv': bandwidths(dir),
      'mubench-c-services.csv': mubench.services,
      'mubench-c-calls.csv': mubench.calls,
      'teastore-services.csv': teastore.services,
      'teastore-calls.csv': teastore.calls,
    };
    return writeOrCheck(join(import.meta.dirname, 'data'), files, args.includes('--check'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

process.exitCode = main(process.argv.slice(2));
