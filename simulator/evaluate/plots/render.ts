import type { TopLevelSpec } from 'vega-lite';

/** What every picture shares. */
export const LOOK = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  padding: 12,
  config: {
    font: 'sans-serif',
    title: { fontSize: 14, anchor: 'start' },
    axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal' },
    legend: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal' },
    header: { labelFontSize: 12, labelFontWeight: 'bold' },
    view: { stroke: '#ddd' },
  },
} as const;

/** Colours of orchestrators, by name in the order in which they first come. */
export const COLOURS = { scheme: 'tableau10' } as const;

/** Draws a picture as SVG, without a screen. The libraries are loaded on the first call: they are large. */
export async function svgOf(spec: TopLevelSpec): Promise<string> {
  const [{ View, parse, Error: errorsOnly }, { compile }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
  ]);
  const view = new View(parse(compile(spec).spec), { renderer: 'none', logLevel: errorsOnly });
  try {
    return numbered(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** The library numbers clips and gradients over the life of the process: here from 0 in every picture, so that it is reproducible. */
function numbered(svg: string): string {
  const ids = new Map<string, number>();
  return svg.replaceAll(/(?<=id="|url\(#)(clip|gradient_)(\d+)/g, (id: string, kind: string) => {
    if (!ids.has(id)) ids.set(id, ids.size);
    return `${kind}${ids.get(id)}`;
  });
}
