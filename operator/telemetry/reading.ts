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

/** The name that a template gives a row; undefined when the row lacks one of the labels. */
function nameOf(pattern: string, labels: Sample['labels']): string | undefined {
  let whole = true;
  const name = pattern.replaceAll(/\{(\w+)\}/g, (_, label: string) => {
    const value = labels[label] ?? '';
    if (value === '') whole = false;
    return value;
  });
  return whole ? name : undefined;
}

/** Puts the answers of all templates together by series. A series without a rate is left out: nothing was called. Pure. */
export function readingOf(answers: readonly Answers[], rejected: number): Reading {
  const figures = new Map<string, Draft>();
  for (const { template, samples } of answers) {
    const micros = template.latencyUnit === 'ms' ? 1_000 : 1_000_000;
    const keyOf = ({ labels }: Sample): string | undefined => {
      const name = nameOf(template.key, labels);
      return name === undefined ? undefined : seriesKey(template.naming, name);
    };
    for (const sample of samples['rate'] ?? []) {
      const key = keyOf(sample);
      if (key === undefined) continue;
      const known = figures.get(key) ?? { rate: 0, rateByRegion: new Map<string, number>() };
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
    // A counter of failures that was asked for and has no row has counted none.
    if (template.queries.errors !== undefined)
      for (const sample of samples['rate'] ?? []) {
        const draft = figures.get(keyOf(sample) ?? '');
        if (draft !== undefined) draft.errorRate ??= 0;
      }
  }
  return { figures, rejected };
}
