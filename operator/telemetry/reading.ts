import type { Sample } from './answer.ts';
import { seriesKey } from './source.ts';
import type { Figures, Reading } from './source.ts';
import { REGION_LABEL } from './templates.ts';
import type { Template } from './templates.ts';

/** The answers to the queries of one template, by figure. */
export interface Answers {
  readonly template: Template;
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

type Draft = { -readonly [K in keyof Figures]: Figures[K] } & { rateByRegion: Map<string, number> };

/** What names a row of a template: literal words and labels in turn. A row that lacks one of the labels has no name. */
function namer(pattern: string): (labels: Sample['labels']) => string | undefined {
  const parts = pattern.split(/\{(\w+)\}/);
  return (labels) => {
    let name = '';
    for (const [i, part] of parts.entries()) {
      const value = i % 2 === 0 ? part : labels[part];
      if (i % 2 === 1 && (value === undefined || value === '')) return undefined;
      name += value ?? '';
    }
    return name;
  };
}

/** Puts the answers of all templates together by series. A series without a rate is left out: nothing was called. Pure. */
export function readingOf(answers: readonly Answers[], rejected: number): Reading {
  const figures = new Map<string, Draft>();
  for (const { template, samples } of answers) {
    const micros = template.latencyUnit === 'ms' ? 1_000 : 1_000_000;
    const nameOf = namer(template.key);
    const keyOf = ({ labels }: Sample): string | undefined => {
      const name = nameOf(labels);
      return name === undefined ? undefined : seriesKey(template.naming, name);
    };
    const counts = template.queries.errors !== undefined;
    for (const sample of samples['rate'] ?? []) {
      const key = keyOf(sample);
      if (key === undefined) continue;
      const known = figures.get(key) ?? { rate: 0, rateByRegion: new Map<string, number>() };
      // A counter of failures that was asked for and has no row has counted none.
      if (counts) known.errorRate ??= 0;
      const region = sample.labels[REGION_LABEL] ?? '';
      known.rate += sample.value;
      if (region !== '') known.rateByRegion.set(region, (known.rateByRegion.get(region) ?? 0) + sample.value);
      figures.set(key, known);
    }
    const give = (figure: string, set: (draft: Draft, value: number) => void): void => {
      for (const sample of samples[figure] ?? []) {
        const draft = figures.get(keyOf(sample) ?? '');
        if (draft !== undefined) set(draft, sample.value);
      }
    };
    give('errors', (draft, value) => (draft.errorRate = (draft.errorRate ?? 0) + value));
    give('mean', (draft, value) => (draft.meanMicros = value * micros));
    give('p50', (draft, value) => (draft.p50Micros = value * micros));
    give('p99', (draft, value) => (draft.p99Micros = value * micros));
  }
  return { figures, rejected };
}
