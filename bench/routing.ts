import { ensureServers } from '#hack/control-plane/build.ts';
import { ensureDataPlane } from '#hack/data-plane/binaries.ts';
import { isInside, runInside } from '#hack/data-plane/namespaces.ts';
import { gatewayApiDefinitions } from '#hack/gateway-api/definitions.ts';
import { say } from './cluster/load.ts';
import { sectionsAsked } from './arguments.ts';
import { report } from './report.ts';
import type { Figure } from './report.ts';
import { fractionFigures } from './routing/fractions.ts';

const SECTIONS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  fractions: async () => fractionFigures(),
  discovery: async () => (await import('./routing/discovery.ts')).discoveryFigures(),
  live: async () => (await import('./routing/live.ts')).liveFigures(),
  edges: async () => (await import('./routing/edges.ts')).edgeFigures(),
  joint: async () => (await import('./routing/joint.ts')).jointFigures(),
  prober: async () => (await import('./routing/prober.ts')).proberFigures(),
  paths: async () => (await import('./routing/prober-paths.ts')).proberPathFigures(),
};
/** What listens on fixed ports, or gives itself addresses. */
const INSIDE = ['discovery', 'live'];

const asked = sectionsAsked({
  name: 'routing',
  about: `How exact weights are, how soon they count, and what changes cost, on stock software. Loads go to this machine's
own addresses, inside network namespaces.`,
  sections: Object.keys(SECTIONS),
});

function inside(name: string): Figure[] {
  const { code, out } = runInside(import.meta.filename, ['--sections', name, '-o', 'json'], false);
  const lines = out.trim().split('\n');
  const figures = lines.at(-1) ?? '';
  if (!figures.startsWith('[')) throw new Error(`bench ${name} ended with ${code}: ${figures}`);
  return JSON.parse(figures) as Figure[];
}

const figures: Figure[] = [];
for (const name of asked) {
  const since = performance.now();
  if (INSIDE.includes(name) && !isInside()) {
    // There is no network inside: everything is fetched and built before.
    ensureDataPlane(say);
    gatewayApiDefinitions();
    await ensureServers(say);
    figures.push(...inside(name));
  } else figures.push(...((await SECTIONS[name]?.()) ?? []));
  say(`${name}: ${((performance.now() - since) / 1000).toFixed(0)} s`);
}
report('routing', figures);
