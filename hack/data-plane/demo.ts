/**
 * `make demo-routing`: an application in three regions, its calls split by Envoy Gateway, and another whose calls a stock Envoy on the
 * caller's node splits, told by our discovery server. Edgeloom decides the shares; a way grows slow, probers notice, Edgeloom decides
 * anew, and the measured latency falls. Runs in network and mount namespaces of its own. `--json`: what it came to, as its last line.
 */
import { table } from '../../bin/table.ts';
import { ensureServers } from '../control-plane/build.ts';
import { ensureDelay } from '../delay/delayed-path.ts';
import { gatewayApiDefinitions } from '../gateway-api/definitions.ts';
import { REGIONS } from './app.ts';
import { ensureDataPlane } from './binaries.ts';
import { isInside, runInside } from './namespaces.ts';
import { tellStory } from './story.ts';
import type { Told } from './story.ts';

/** Requests of one measurement. */
const CALLS = Number(process.env['REQUESTS'] ?? 10_000);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function show({ rows, shifts }: Told): void {
  const percent = (ppm = 0): string => (ppm / 10_000).toFixed(1);
  const cells = rows.map((row, i) => [
    row.mechanism === rows[i - 1]?.mechanism ? '' : row.mechanism,
    row.phase,
    REGIONS.map((name) => percent(row.wanted[name])).join(' / '),
    REGIONS.map((name) => row.counted[name] ?? 0).join(' / '),
    String(row.errors),
    row.chi2.toFixed(2),
    row.p50Ms.toFixed(1),
    row.p95Ms.toFixed(1),
  ]);
  const head = ['mechanism', 'phase', 'decided, %', 'counted by Envoy', 'errors', 'chi2', 'p50 ms', 'p95 ms'];
  say(`\n${table(head, cells)}`);
  for (const [mechanism, { seconds, calls, errors }] of Object.entries(shifts))
    say(
      `${mechanism}: the shift took ${seconds.toFixed(1)} s, through weight 1, with ${errors} errors in ${calls} calls meanwhile`,
    );
  say(
    'Shares are of near / mid / far. chi2 has a degree of freedom less than there are shares: above 9.21 (three) or 6.63 (two) in one run of a hundred.',
  );
}

const started = performance.now();
if (isInside()) {
  const told = await tellStory(CALLS, say);
  show(told);
  say(`${((performance.now() - started) / 1000).toFixed(0)} s in all`);
  if (process.argv.includes('--json')) say(JSON.stringify(told));
} else {
  // There is no network inside: everything is fetched and built before.
  ensureDataPlane(say);
  ensureDelay();
  gatewayApiDefinitions();
  await ensureServers(say);
  process.exitCode = runInside(import.meta.filename, process.argv.slice(2), true).code;
}
