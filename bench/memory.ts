import { parseArgs } from 'node:util';
import { report } from './report.ts';
import type { Figure } from './report.ts';

/**
 * `make bench-memory`: all sections, or some: `make bench-memory ARGS='--sections quality,poison'`. S1 and S2 are simulated with the
 * data in `EDGELOOM_DATA`; their days are kept in `.cache`.
 */
const SECTIONS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  scale: async () => (await import('./memory/scale.ts')).scale(),
  kernel: async () => (await import('./memory/kernel.ts')).kernel(),
  quality: async () => (await import('./memory/quality.ts')).quality(),
  reembed: async () => (await import('./memory/reembed.ts')).reembed(),
  poison: async () => (await import('./memory/poison.ts')).poison(),
};

const { values } = parseArgs({ options: { sections: { type: 'string' } }, strict: false });
const asked = typeof values.sections === 'string' ? values.sections.split(',') : Object.keys(SECTIONS);
const unknown = asked.filter((name) => SECTIONS[name] === undefined);
if (unknown.length > 0) {
  const known = Object.keys(SECTIONS).join(', ');
  process.stderr.write(`--sections: no section ${unknown.join(', ')}; there are ${known}\n`);
  process.exitCode = 2;
} else {
  const figures: Figure[] = [];
  for (const name of asked) figures.push(...((await SECTIONS[name]?.()) ?? []));
  report('memory', figures);
}
