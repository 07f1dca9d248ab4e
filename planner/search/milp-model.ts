import type { Evaluator } from '#world/evaluator.ts';
import { hostsFor } from './partial.ts';
import { tails } from './tail.ts';

/** Variables may differ from the best known value by this much, relative. */
const GAP = 1e-6;

/** Earliest start of each service on each host, a lower bound: the mirror of `tails`. One ingress region. */
function heads(evaluator: Evaluator): Float64Array[] {
  const { services, edges, incoming, snapshot } = evaluator.instance;
  const hosts = snapshot.hosts.length;
  const head = services.map(() => new Float64Array(hosts));
  for (const [s, service] of services.entries()) {
    for (const n of service.hosts) {
      let start = service.entry ? evaluator.flow.access(0, n) : 0;
      for (const e of incoming[s] ?? []) {
        const source = services[edges[e]?.source ?? 0];
        const before = head[edges[e]?.source ?? 0];
        const { time } = evaluator.matrix(e);
        let least = Infinity;
        for (const m of source?.hosts ?? []) {
          const at = (before?.[m] ?? 0) + (source?.serveAndWait[m] ?? 0) + (time[m * hosts + n] ?? Infinity);
          least = Math.min(least, at);
        }
        start = Math.max(start, least);
      }
      const own = head[s];
      if (own !== undefined) own[n] = start;
    }
  }
  return head;
}

/** The program in the solver's LP format: placements with a mean latency of at most `upper`. */
export function buildModel(evaluator: Evaluator, upper: number, fixed?: Int32Array): string {
  const { instance } = evaluator;
  const { services, edges, ingress, snapshot, free } = instance;
  const hosts = snapshot.hosts.length;
  const width = snapshot.resources.length;
  const walks = Math.max(1, ingress.length);
  const prune = walks === 1 && services.every((s) => s.replicas === 1);
  const tail = tails(evaluator);
  const head = prune ? heads(evaluator) : [];
  const limit = upper * (1 + GAP);
  const reached = (s: number, n: number): boolean =>
    services[s]?.entry !== true ||
    ingress.every((entry, g) => entry.weight === 0 || evaluator.flow.access(g, n) < Infinity);
  const through = (s: number, n: number): boolean =>
    !prune || (head[s]?.[n] ?? 0) + (services[s]?.serveAndWait[n] ?? 0) + (tail[s]?.[n] ?? 0) <= limit;
  const allowed = services.map((service, s) =>
    Array.from({ length: service.replicas }, (_, r) =>
      Array.from(hostsFor(instance, service.firstTask + r, fixed)).filter(
        (n) => reached(s, n) && through(s, n),
      ),
    ),
  );
  const rows: string[] = [];
  const binaries: string[] = [];
  const number = (v: number): string => (v < 0 ? `- ${(-v).toFixed(6)}` : `+ ${v.toFixed(6)}`);
  const room = new Map<number, string[][]>();
  for (const [s, service] of services.entries()) {
    for (let r = 0; r < service.replicas; r++) {
      const task = service.firstTask + r;
      const own = allowed[s]?.[r] ?? [];
      rows.push(`a${task}: ${own.map((n) => `x${task}_${n}`).join(' + ') || '0 zero'} = 1`);
      for (const n of own) {
        binaries.push(`x${task}_${n}`);
        const terms = room.get(n) ?? Array.from({ length: width }, () => []);
        for (let c = 0; c < width; c++) {
          if ((service.request[c] ?? 0) > 0) terms[c]?.push(`${service.request[c]} x${task}_${n}`);
        }
        room.set(n, terms);
      }
    }
  }
  for (const [n, terms] of room) {
    for (const [c, sum] of terms.entries()) {
      const left = free[n * width + c] ?? 0;
      if (sum.length > 0 && left < Infinity) rows.push(`c${n}_${c}: ${sum.join(' + ')} <= ${left}`);
    }
  }
  const bounds: string[] = ['zero = 0'];
  // f<g>_<task>: end of a task for ingress g. T<g>: end of the request.
  const pairTerms = new Map<string, string>();
  for (const edge of edges) {
    const source = services[edge.source];
    const target = services[edge.target];
    if (source === undefined || target === undefined) continue;
    const { time } = evaluator.matrix(edge.index);
    for (let i = 0; i < source.replicas; i++) {
      for (let j = 0; j < target.replicas; j++) {
        const from = allowed[edge.source]?.[i] ?? [];
        const to = allowed[edge.target]?.[j] ?? [];
        const id = `${edge.index}_${i}_${j}`;
        const out = new Map<number, string[]>(from.map((n) => [n, []]));
        const into = new Map<number, string[]>(to.map((n) => [n, []]));
        let sum = '';
        for (const n of from) {
          for (const m of to) {
            const t = time[n * hosts + m] ?? Infinity;
            if (t === Infinity) continue;
            const least =
              (head[edge.source]?.[n] ?? 0) +
              (source.serveAndWait[n] ?? 0) +
              t +
              (target.serveAndWait[m] ?? 0) +
              (tail[edge.target]?.[m] ?? 0);
            if (prune && least > limit) continue;
            const y = `y${id}_${n}_${m}`;
            out.get(n)?.push(y);
            into.get(m)?.push(y);
            if (t > 0) sum += ` - ${(t / source.replicas).toFixed(6)} ${y}`;
          }
        }
        for (const [n, ys] of out)
          rows.push(`p${id}_${n}: ${[...ys, `0 zero`].join(' + ')} - x${source.firstTask + i}_${n} = 0`);
        for (const [m, ys] of into)
          rows.push(`q${id}_${m}: ${[...ys, `0 zero`].join(' + ')} - x${target.firstTask + j}_${m} = 0`);
        pairTerms.set(id, sum);
      }
    }
  }
  for (let g = 0; g < walks; g++) {
    if (ingress[g]?.weight === 0) continue;
    for (const [s, service] of services.entries()) {
      for (let r = 0; r < service.replicas; r++) {
        const task = service.firstTask + r;
        const serve = (extra: (n: number) => number): string =>
          (allowed[s]?.[r] ?? [])
            .map((n) => ` ${number(-((service.serveAndWait[n] ?? 0) + extra(n)))} x${task}_${n}`)
            .join('');
        if (service.entry)
          rows.push(`s${g}_${task}: f${g}_${task}${serve((n) => evaluator.flow.access(g, n))} >= 0`);
        for (const e of instance.incoming[s] ?? []) {
          const source = services[edges[e]?.source ?? 0];
          if (source === undefined) continue;
          let row = `f${g}_${task}`;
          for (let i = 0; i < source.replicas; i++) {
            row += ` - ${(1 / source.replicas).toFixed(9)} f${g}_${source.firstTask + i}${pairTerms.get(`${e}_${i}_${r}`) ?? ''}`;
          }
          rows.push(`e${g}_${e}_${r}: ${row}${serve(() => 0)} >= 0`);
        }
      }
      if (service.exit) {
        const ends = Array.from(
          { length: service.replicas },
          (_, r) => ` - ${(1 / service.replicas).toFixed(9)} f${g}_${service.firstTask + r}`,
        );
        rows.push(`t${g}_${s}: T${g}${ends.join('')} >= 0`);
      }
    }
  }
  const objective = Array.from(
    { length: walks },
    (_, g) => `${(ingress[g]?.weight ?? 1).toFixed(9)} T${g}`,
  ).join(' + ');
  return [
    'Minimize',
    `obj: ${objective}`,
    'Subject To',
    ...rows,
    'Bounds',
    ...bounds,
    'Binary',
    binaries.join(' '),
    'End',
  ].join('\n');
}
