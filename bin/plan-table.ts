import { formatMicros } from '#crds/quantity.ts';
import type { PlanDocument } from '#planner/document.ts';
import { table } from './table.ts';

/** Transfer into a replica: the slowest path that ends on its node, for the calls to its service. */
function arrivesBy(document: PlanDocument, microservice: string, node: string): string {
  const calls = document.routes
    .filter((route) => route.to === microservice)
    .flatMap((route) =>
      route.paths.filter((p) => p.via.at(-1) === node).map((p) => ({ from: route.from, ...p })),
    );
  const access = document.ingress.filter((a) => a.to === microservice && a.via.at(-1) === node);
  const slowest = [
    ...calls.map((c) => ({ what: `from ${c.from}`, micros: c.latencyMicros })),
    ...access.map((a) => ({ what: `from users in ${a.region}`, micros: a.latencyMicros })),
  ].toSorted((a, b) => b.micros - a.micros)[0];
  return slowest === undefined ? '' : `${formatMicros(slowest.micros)} ${slowest.what}`;
}

const ppm = (value: number): string => `${(value / 10_000).toFixed(3)} %`;

/** What memory gave to a plan, for people. */
function recalled({ source, provenance: { traces = [] } }: PlanDocument): string[] {
  const [first = ''] = traces;
  if (source === 'Memory')
    return [`made from trace ${first.slice(0, 12)}, one of ${traces.length} retrieved`];
  return traces.length === 0
    ? []
    : [`${traces.length} traces retrieved; search did as well as what they suggest`];
}

/** What runs elsewhere and is to move, for people. */
const moved = ({ assignments }: PlanDocument): string[] =>
  assignments.flatMap(({ microservice, replica, node, replaces }) =>
    replaces === undefined
      ? []
      : [`moves: ${microservice}/${replica} to ${node}, in the place of pod ${replaces}`],
  );

/** A plan for people: a row per replica, then the critical path with its parts, then what is wrong. */
export function planTable(document: PlanDocument): string {
  const lines: string[] = [];
  const { predicted } = document;
  const found = document.feasible ? `planned by ${document.source} (${document.method})` : 'NO FEASIBLE PLAN';
  lines.push(
    `${document.dag}: ${found} in ${formatMicros(document.elapsedMicros)}`,
    ...recalled(document),
    '',
  );
  if (document.assignments.length > 0) {
    const rows = document.assignments.map((a) => [
      `${a.microservice}/${a.replica}`,
      a.node,
      a.region,
      formatMicros(a.serveMicros),
      arrivesBy(document, a.microservice, a.node),
      a.binding,
    ]);
    lines.push(table(['REPLICA', 'NODE', 'REGION', 'SERVES IN', 'REACHED IN', 'CLOSEST LIMIT'], rows), '');
  }
  const moves = moved(document);
  if (moves.length > 0) lines.push(...moves, '');
  if (predicted !== undefined && document.feasible) {
    lines.push(
      `end to end ${formatMicros(predicted.latencyMicros)} (worst path ${formatMicros(predicted.worstLatencyMicros)}), ` +
        `jitter ${formatMicros(predicted.jitterMicros)}, sync ${formatMicros(predicted.syncMicros)}, success ${ppm(predicted.successPpm)}`,
      '',
      `critical path: ${predicted.criticalPath.join(' → ')}`,
    );
    const steps = predicted.steps.filter((s) => s.micros > 0);
    lines.push(
      table(
        ['  PART', 'WHERE', 'TAKES'],
        steps.map((s) => [`  ${s.kind}`, s.what, formatMicros(s.micros)]),
      ),
      '',
    );
  }
  for (const v of document.violations) {
    lines.push(`${v.hard ? 'broken' : 'missed'}: ${v.constraint}: ${v.message}`);
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
