import { durationMicros } from '#crds/quantity.ts';
import type { City } from '#simulator/city.ts';
import { drawAt, exponential, seedOf, stream } from '#simulator/engine/random.ts';
import type { Disruption } from '#simulator/exogenous.ts';
import { speedDrift } from './drift.ts';
import type { ExogenousOptions } from './options.ts';
import type { FailuresSpec } from './schema/failures.ts';

/** A thing that can fail, as disruptions name it. */
type Thing =
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'region'; readonly region: string };

/** Time without a thing, whole microseconds; Infinity when it does not come back. */
interface Gap {
  readonly from: number;
  readonly to: number;
}

/** All failures, repairs and changes of speed until the end, in order of time; overlapping failures of one thing are one. */
export function disruptionsOf(
  spec: FailuresSpec,
  city: City,
  { seed, untilMicros }: ExogenousOptions,
): readonly Disruption[] {
  const own = seedOf(seed, 'failures');
  const gaps = new Map<string, { thing: Thing; gaps: Gap[] }>();
  const add = (thing: Thing, from: number, to: number): void => {
    const key = JSON.stringify(thing);
    const found = gaps.get(key) ?? { thing, gaps: [] };
    found.gaps.push({ from, to });
    gaps.set(key, found);
  };

  for (const failure of spec.scripted) {
    const from = durationMicros(failure.at);
    add(thingOf(failure), from, failure.for === undefined ? Infinity : from + durationMicros(failure.for));
  }
  for (const [index, { at, share, for: long }] of spec.outages.entries()) {
    const from = durationMicros(at);
    for (const node of drawn(edgeNodes(city), share, seedOf(own, `outage/${index}`)))
      add({ kind: 'node', node }, from, long === undefined ? Infinity : from + durationMicros(long));
  }
  const { nodes, links, regions } = spec.random;
  const lead = (lives: Lives | undefined, things: readonly Thing[]): void => {
    if (lives === undefined) return;
    for (const thing of things)
      for (const { from, to } of lifeOf(lives, stream(own, JSON.stringify(thing)), untilMicros))
        add(thing, from, to);
  };
  lead(
    nodes,
    edgeNodes(city).map((node) => ({ kind: 'node', node })),
  );
  lead(links, linksOf(city));
  lead(
    regions,
    edgeRegions(city).map(({ metadata }) => ({ kind: 'region', region: metadata.name })),
  );

  const changes = [...gaps.values()].flatMap(({ thing, gaps }) =>
    merged(gaps).flatMap(({ from, to }): Disruption[] => [
      { ...thing, atMicros: from, up: false },
      { ...thing, atMicros: to, up: true },
    ]),
  );
  const drift =
    spec.drift === undefined ? [] : speedDrift(spec.drift, city, seedOf(seed, 'drift'), untilMicros);
  return [...changes, ...drift]
    .filter(({ atMicros }) => atMicros < untilMicros)
    .sort((a, b) => a.atMicros - b.atMicros);
}

function thingOf(failure: FailuresSpec['scripted'][number]): Thing {
  if ('node' in failure) return { kind: 'node', node: failure.node };
  if ('link' in failure) return { kind: 'link', from: failure.link.from, to: failure.link.to };
  return { kind: 'region', region: failure.region };
}

type Lives = NonNullable<FailuresSpec['random']['nodes']>;

/** Failures and repairs of one thing that works at time 0: exponential times in turn. */
function lifeOf({ mtbf, mttr }: Lives, draw: () => number, untilMicros: number): readonly Gap[] {
  const [works, broken] = [durationMicros(mtbf), durationMicros(mttr)];
  const gaps: Gap[] = [];
  for (let at = 0; ;) {
    const from = at + Math.ceil(exponential(draw(), works));
    if (from >= untilMicros) return gaps;
    at = from + Math.max(1, Math.ceil(exponential(draw(), broken)));
    gaps.push({ from, to: at });
  }
}

/** Gaps in order, those that overlap or touch made one. */
function merged(gaps: readonly Gap[]): readonly Gap[] {
  const out: Gap[] = [];
  for (const gap of [...gaps].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && gap.from <= last.to)
      out[out.length - 1] = { from: last.from, to: Math.max(last.to, gap.to) };
    else out.push(gap);
  }
  return out;
}

/** That share of the names, rounded; which ones is drawn per name, so that the order of the city does not matter. */
function drawn(names: readonly string[], share: number, seed: number): readonly string[] {
  const ranked = names.map((name) => ({ name, rank: drawAt(seedOf(seed, name), 0, 0) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, Math.round(share * names.length)).map(({ name }) => name);
}

const edgeRegions = (city: City): City['regions'] => city.regions.filter(({ spec }) => spec.tier === 'Edge');

/** Nodes that an edge region selects. */
function edgeNodes(city: City): readonly string[] {
  const selectors = edgeRegions(city).map(({ spec }) => Object.entries(spec.nodeSelector.matchLabels));
  return city.nodes
    .filter(({ metadata: { labels = {} } }) =>
      selectors.some((selector) => selector.every(([key, value]) => labels[key] === value)),
    )
    .map(({ metadata }) => metadata.name);
}

/** Links of every region's list, each once. */
const linksOf = (city: City): readonly Thing[] =>
  city.regions.flatMap(({ spec }) =>
    spec.topology.links.map(({ from, to }) => ({ kind: 'link' as const, from, to })),
  );
