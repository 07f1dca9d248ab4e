import { sectionsAsked } from './arguments.ts';
import { report } from './report.ts';
import type { Figure } from './report.ts';

const SECTIONS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  scale: async () => (await import('./memory/scale.ts')).scale(),
  kernel: async () => (await import('./memory/kernel.ts')).kernel(),
  quality: async () => (await import('./memory/quality.ts')).quality(),
  reembed: async () => (await import('./memory/reembed.ts')).reembed(),
  poison: async () => (await import('./memory/poison.ts')).poison(),
};

const asked = sectionsAsked({
  name: 'memory',
  about:
    'The memory of deployments: size and speed, the vector kernel, what retrieval is worth, embedding anew, poison.',
  sections: Object.keys(SECTIONS),
  environment: [
    'EDGELOOM_DATA    folder of the public data that S1 and S2 are simulated with (quality, reembed, poison)',
    'EDGELOOM_TRACES  most traces of scale (500000)',
    'EDGELOOM_KILLS   kill -9 during writes, times (100)',
    'EDGELOOM_CITIES, EDGELOOM_DAYS  cities of a scenario and days of each: fewer take less time',
  ],
});
const figures: Figure[] = [];
for (const name of asked) figures.push(...((await SECTIONS[name]?.()) ?? []));
report('memory', figures);
