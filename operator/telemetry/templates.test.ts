import assert from 'node:assert/strict';
import { InputError } from '#crds/input-error.ts';
import { readTemplates, TEMPLATES } from './templates.ts';

const FILE = `
windowSeconds: 30
templates:
  - name: application
    naming: Dag
    key: "{namespace}/{dag}"
    latencyUnit: s
    queries: {rate: "sum by (namespace, dag) (rate(requests_total[$window]))"}
`;

describe('files of queries', () => {
  it('take the place of the usual ones', () => {
    const { windowSeconds, templates } = readTemplates(FILE, 'q.yaml');
    assert.equal(windowSeconds, 30);
    assert.deepEqual(
      templates.map(({ name, naming, mesh }) => [name, naming, mesh]),
      [['application', 'Dag', false]],
    );
  });

  const wrong: Record<string, [string, RegExp]> = {
    'that is no YAML': ['templates: [', /^q\.yaml: /],
    'without templates': ['windowSeconds: 60', /^q\.yaml: templates: .*docs\/telemetry\.md/],
    'with an unknown figure': [FILE.replace('rate:', 'p42:'), /templates\.0\.queries/],
    'that looks back no time': [FILE.replace('30', '0'), /windowSeconds/],
  };
  for (const [name, [text, pattern]] of Object.entries(wrong))
    it(`refuses one ${name}, by name and field`, () => {
      assert.throws(
        () => readTemplates(text, 'q.yaml'),
        (error: unknown) => error instanceof InputError && pattern.test(error.message),
      );
    });

  it('has a rate and a latency for every mechanism that measures', () => {
    for (const { queries } of TEMPLATES.templates) {
      assert.match(queries.rate, /^sum by \(.+, edgeloom_region\) \(rate\(.+\[\$window\]\)\)$/);
      assert.match(queries.p99 ?? '', /^histogram_quantile\(0\.99, sum by \(.+, le\) /);
    }
  });
});
