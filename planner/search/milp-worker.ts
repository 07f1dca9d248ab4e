import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/** The part of the solver's interface we use; its own types describe a default export that Node does not see. */
type Load = () => Promise<{
  solve(
    text: string,
    options: Record<string, unknown>,
  ): {
    readonly Status: string;
    readonly Columns: Readonly<Record<string, { readonly Primal?: number }>>;
  };
}>;

const load = createRequire(import.meta.url)('highs') as Load;
const { text, timeLimitS } = workerData as { text: string; timeLimitS: number };
const solver = await load();
const result = solver.solve(text, { time_limit: timeLimitS, mip_rel_gap: 1e-6, output_flag: false });
const columns = Object.fromEntries(
  Object.entries(result.Columns)
    .filter(([name]) => name.startsWith('x'))
    .map(([name, column]) => [name, column.Primal ?? 0]),
);
parentPort?.postMessage({ status: result.Status, columns });
