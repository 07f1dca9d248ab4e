import { durationMicros } from '#crds/quantity.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';

/** A declared link that can be measured: one that carries every slice. */
export interface DeclaredLink {
  readonly region: string;
  readonly from: string;
  readonly to: string;
  readonly declaredMicros: number;
}

/** Key of a link within its region, and of its row in `status.links`. */
export const linkKey = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  `${from}>${to}`;

/** The links of one region that can be measured, in the order of its spec. */
export function linksOf(region: EdgeRegion): DeclaredLink[] {
  return (region.spec.topology?.links ?? []).flatMap(({ from, to, latency, slices }) =>
    slices === undefined
      ? [{ region: region.metadata.name, from, to, declaredMicros: durationMicros(latency) }]
      : [],
  );
}

/** All links that can be measured, and which of them an arc of the graph belongs to. */
export function linkTable(regions: readonly EdgeRegion[]): {
  readonly links: readonly DeclaredLink[];
  /** Index of the link by `tail>head`. */
  readonly linkOf: ReadonlyMap<string, number>;
} {
  const links: DeclaredLink[] = [];
  const linkOf = new Map<string, number>();
  // As the graph does: regions by name, and of two links with the same ends the first.
  for (const region of regions.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const oneWay = new Set(
      region.spec.topology?.links.filter((link) => link.oneWay).map((link) => linkKey(link)) ?? [],
    );
    for (const link of linksOf(region)) {
      const key = linkKey(link);
      if (linkOf.has(key)) continue;
      const back = linkKey({ from: link.to, to: link.from });
      linkOf.set(key, links.length);
      if (!oneWay.has(key) && !linkOf.has(back)) linkOf.set(back, links.length);
      links.push(link);
    }
  }
  return { links, linkOf };
}
