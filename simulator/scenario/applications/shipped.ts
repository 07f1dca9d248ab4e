import { tableOf } from '#simulator/data/csv.ts';
import type { DataFolder } from '#simulator/data/folder.ts';
import type { CallGraph } from './graph.ts';
import { acyclic } from './graph.ts';

const NEZHA = 'traces-onlineboutique-nezha';

/** Median service time in microseconds of each service of Online Boutique, in order of name. */
export function nezhaTimes(folder: DataFolder): Map<string, number> {
  const rows = tableOf(folder, NEZHA, 'service-times.csv');
  return new Map(rows.map((row) => [row.text('service'), row.within('self_median_us', 1, 1e9)]));
}

/** The application graphs in this repository by name, in order of name. */
export function shippedGraphs(folder: DataFolder): Map<string, CallGraph> {
  const times = nezhaTimes(folder);
  const calls = [
    ...tableOf(folder, NEZHA, 'calls.csv').map((row) => ({ app: 'online-boutique', row })),
    ...tableOf(folder, 'callgraphs-mubench', 'calls.csv').map((row) => ({ app: row.text('app'), row })),
  ];
  const apps = [...Map.groupBy(calls, ({ app }) => app)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    apps.map(([app, rows]) => {
      const own = rows.map(({ row }) => ({
        from: row.text('from'),
        to: row.text('to'),
        calls: row.within('calls', 0, 1000),
      }));
      const called = new Set(own.map(({ to }) => to));
      const entry = own.find(({ from }) => !called.has(from))?.from ?? own[0]?.from ?? '';
      const { order, edges } = acyclic(entry, own);
      const stages = order.map((name) => {
        const micros = app === 'online-boutique' ? times.get(name) : undefined;
        return { name, ...(micros === undefined ? {} : { micros }) };
      });
      return [app, { stages, edges }];
    }),
  );
}
