import { parseDocument } from 'yaml';
import { z } from 'zod';
import { InputError } from '#crds/input-error.ts';
import type { InputProblem } from '#crds/input-error.ts';
import { NAMINGS } from './source.ts';

/** Figures that a template may give, each by one query. */
export const FIGURES = ['rate', 'errors', 'mean', 'p50', 'p99'] as const;

const query = z.string().min(1).max(4096);

const template = z.strictObject({
  /** For messages. */
  name: z.string().min(1).max(63),
  naming: z.enum(NAMINGS),
  /** Asked only where a mesh carries calls. */
  mesh: z.boolean().default(false),
  /** Name of the series, made from the labels of a row: `{namespace}/{service}`. */
  key: z.string().min(1).max(256),
  latencyUnit: z.enum(['ms', 's']),
  queries: z.strictObject({
    rate: query,
    errors: query.optional(),
    mean: query.optional(),
    p50: query.optional(),
    p99: query.optional(),
  }),
});

const file = z.strictObject({
  /** Seconds that stand for `$window`. */
  windowSeconds: z.int().min(5).max(3600).default(60),
  templates: z.array(template).min(1).max(16),
});

/** Queries of one kind of metrics, and how their rows are read. */
export type Template = z.output<typeof template>;

/** All queries, and the window they look back over. */
export type Templates = z.output<typeof file>;

/** Label of a series whose callers' region the scrape configuration knows (config/prometheus does that for node-local Envoys). */
export const REGION_LABEL = 'edgeloom_region';

/** Names that Envoy Gateway and our own discovery server give clusters; other clusters of the same Envoys are nobody's edge. */
const CLUSTERS =
  'envoy_cluster_name=~"service/.+|httproute/.+|grpcroute/.+|[a-z0-9.-]+/[a-z0-9.-]+/[a-z0-9.-]+"';

interface Family {
  readonly total: string;
  readonly failed: string;
  readonly histogram: string;
  /** Labels that name a series. */
  readonly by: string;
  readonly where: string;
}

/** The five queries of metrics in Prometheus's usual form: a counter, the same counter of failures, a histogram. */
function usual({ total, failed, histogram, by, where }: Family): Template['queries'] {
  const rate = (metric: string, more = ''): string =>
    `rate(${metric}{${[where, more].filter(Boolean).join(',')}}[$window])`;
  const quantile = (q: number): string =>
    `histogram_quantile(${q}, sum by (${by}, le) (${rate(`${histogram}_bucket`)}))`;
  const mean = ['sum', 'count'].map((part) => `sum by (${by}) (${rate(`${histogram}_${part}`)})`).join(' / ');
  const [metric = '', more = ''] = failed.split('|');
  return {
    rate: `sum by (${by}, ${REGION_LABEL}) (${rate(total)})`,
    errors: `sum by (${by}) (${rate(metric, more)})`,
    mean,
    p50: quantile(0.5),
    p99: quantile(0.99),
  };
}

/**
 * What is asked for unless a file says otherwise. Envoy's own counters serve `Gateway` and `Xds`; those of meshes are asked for
 * where a mesh carries calls.
 */
export const TEMPLATES: Templates = {
  windowSeconds: 60,
  templates: [
    {
      name: 'envoy',
      naming: 'Envoy',
      mesh: false,
      key: '{envoy_cluster_name}',
      latencyUnit: 'ms',
      queries: usual({
        total: 'envoy_cluster_upstream_rq_total',
        failed: 'envoy_cluster_upstream_rq_xx|envoy_response_code_class="5"',
        histogram: 'envoy_cluster_upstream_rq_time',
        by: 'envoy_cluster_name',
        where: CLUSTERS,
      }),
    },
    {
      name: 'istio',
      naming: 'Service',
      mesh: true,
      key: '{destination_service_namespace}/{destination_service_name}',
      latencyUnit: 'ms',
      queries: usual({
        total: 'istio_requests_total',
        failed: 'istio_requests_total|response_code=~"5.."',
        histogram: 'istio_request_duration_milliseconds',
        by: 'destination_service_namespace, destination_service_name',
        where: 'reporter="source"',
      }),
    },
    {
      name: 'linkerd',
      naming: 'Service',
      mesh: true,
      key: '{dst_namespace}/{dst_service}',
      latencyUnit: 'ms',
      queries: usual({
        total: 'response_total',
        failed: 'response_total|classification="failure"',
        histogram: 'response_latency_ms',
        by: 'dst_namespace, dst_service',
        where: 'direction="outbound"',
      }),
    },
  ],
};

/** Reads a file of templates, which takes the place of `TEMPLATES`. Throws `InputError` that names the file, the field and the fix. */
export function readTemplates(text: string, name: string): Templates {
  const document = parseDocument(text);
  const problem = (field: string, message: string): InputProblem => ({
    file: name,
    line: 0,
    object: '',
    field,
    message,
    fix: 'docs/telemetry.md shows such a file',
  });
  if (document.errors.length > 0)
    throw new InputError(document.errors.slice(0, 4).map(({ message }) => problem('', message)));
  const read = file.safeParse(document.toJS());
  if (read.success) return read.data;
  throw new InputError(
    read.error.issues.slice(0, 8).map(({ path, message }) => problem(path.join('.'), message)),
  );
}
