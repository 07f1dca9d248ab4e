import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { PlanDocument } from '#planner/document.ts';

const EDGELOOM = join(import.meta.dirname, 'edgeloom');

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function edgeloom(args: readonly string[], cwd: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(EDGELOOM, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

const world = `apiVersion: edgeloom.dev/v1alpha1
kind: EdgeRegion
metadata: {name: north}
spec:
  nodeSelector: {matchLabels: {edgeloom.dev/region: north}}
  topology: {attachment: {latency: 200us, bandwidth: 1G}}
  radio: {bands: [{name: mmWave, latency: 700us, bandwidth: 1G}]}
---
apiVersion: v1
kind: Node
metadata: {name: edge-1, labels: {edgeloom.dev/region: north}}
status: {allocatable: {cpu: "2", memory: 4Gi}}
---
apiVersion: v1
kind: Node
metadata: {name: edge-2, labels: {edgeloom.dev/region: north}}
status: {allocatable: {cpu: "1", memory: 4Gi}}
`;
const application = (name: string, cpu = '1', over = ''): string => `apiVersion: edgeloom.dev/v1alpha1
kind: ServiceDAG
metadata: {name: ${name}, namespace: arena}
spec:
  ingress: [{region: north, band: mmWave, payload: 10Ki}]
  microservices:
    - {name: capture, work: 1M, template: {spec: {containers: [{name: c, resources: {requests: {cpu: "${cpu}"}}}]}}}
    - {name: stitch, work: 1M, template: {spec: {containers: [{name: c, resources: {requests: {cpu: "${cpu}"}}}]}}}
  edges:
    - {from: capture, to: stitch, payload: 10Ki${over}}
`;

const running = (microservice: string, node: string): string => `---
apiVersion: v1
kind: Pod
metadata:
  name: first-${microservice}
  namespace: arena
  labels: {edgeloom.dev/dag: first, edgeloom.dev/microservice: ${microservice}, edgeloom.dev/region: north}
spec: {nodeName: ${node}, containers: [{name: c, resources: {requests: {cpu: "1"}}}]}
`;

const FILES: Record<string, string> = {
  'world.yaml': world,
  'first.yaml': application('first'),
  'pods.yaml': running('capture', 'edge-1') + running('stitch', 'edge-2'),
  'second.yaml': application('second'),
  'small.yaml': `${application('one', '500m')}---\n${application('two', '500m')}`,
  'greedy.yaml': application('greedy', '4'),
  'late.yaml': application('late', '1500m', ', maxLatency: 1us'),
  'folder/a.yaml': world,
  'folder/b.yaml': application('first'),
  'folder/kustomization.yaml': 'resources: [a.yaml]\n',
  'dangling.yaml': application('bad').replace('to: stitch', 'to: stich'),
  'cycle.yaml': `${application('bad')}    - {from: stitch, to: capture}\n`,
  'unknown-field.yaml': application('bad').replace('payload: 10Ki}\n', 'paylod: 10Ki}\n'),
  'unknown-region.yaml': application('lost').replace('region: north', 'region: nort'),
  'unknown-band.yaml': application('mute').replace('band: mmWave', 'band: wifi'),
  'yaml.yaml': 'apiVersion: v1\nkind: Node\nmetadata: {name: x\nstatus: {}\n',
  'no-cpu.yaml': application('bad').replace('resources: {requests: {cpu: "1"}}', 'image: x'),
  'odd-world.yaml': `${world
    .replace('attachment:', 'links: [{from: north, to: ghost, latency: 1ms, bandwidth: 1G}], attachment:')
    .replace('labels: {edgeloom', 'annotations: {edgeloom.dev/mips-per-cpu: fast}, labels: {edgeloom')}---
${world.slice(0, world.indexOf('---')).replace('name: north', 'name: south')}`,
  'empty.yaml': '',
  'broken.yaml': application('bad').replace('payload: 10Ki}\n', 'payload: -1}\n'),
};

const QUICK = ['--objective', 'latency'] as const;
/** Every run of the command line that the tests look at, started before them. */
const RUNS = {
  json: ['plan', '-f', 'world.yaml', '-f', 'first.yaml', '-o', 'json', ...QUICK],
  again: ['plan', '-f', 'first.yaml', 'world.yaml', '-o', 'json', ...QUICK],
  yaml: ['plan', '-f', 'world.yaml', 'first.yaml', '-o', 'yaml', ...QUICK],
  table: ['plan', '-f', 'folder'],
  inOrder: [
    'plan',
    '-f',
    'world.yaml',
    '-f',
    'second.yaml',
    '-f',
    'first.yaml',
    '-f',
    'small.yaml',
    '-o',
    'json',
    ...QUICK,
  ],
  onlyOne: [
    'plan',
    '-f',
    'world.yaml',
    'second.yaml',
    'first.yaml',
    '--dag',
    'arena/first',
    '-o',
    'json',
    ...QUICK,
  ],
  latency: [
    'plan',
    '-f',
    'folder',
    '--objective',
    'latency',
    '--planner',
    'greedy',
    '--budget',
    '5ms',
    '-o',
    'json',
  ],
  stays: ['plan', '-f', 'world.yaml', 'first.yaml', 'pods.yaml', '--moves', '0', '-o', 'json'],
  moves: ['plan', '-f', 'world.yaml', 'first.yaml', 'pods.yaml', '--moves', '1', ...QUICK],
  infeasible: ['plan', '-f', 'world.yaml', 'greedy.yaml', '-o', 'json'],
  infeasibleTable: ['plan', '-f', 'world.yaml', 'late.yaml'],
  // Everything that is wrong is told at once.
  wrongFiles: [
    'plan',
    '-f',
    'world.yaml',
    'dangling.yaml',
    'cycle.yaml',
    'unknown-field.yaml',
    'unknown-region.yaml',
    'unknown-band.yaml',
    'yaml.yaml',
    'no-cpu.yaml',
    'broken.yaml',
    'nowhere.yaml',
    '-o',
    'json',
  ],
  oddWorld: ['plan', '-f', 'odd-world.yaml', 'first.yaml'],
  noRegions: ['plan', '-f', 'first.yaml'],
  emptyFile: ['plan', '-f', 'empty.yaml'],
  noDag: ['plan', '-f', 'world.yaml'],
  wrongDag: ['plan', '-f', 'folder', '--dag', 'arena/frist'],
  noFile: ['plan'],
  unknownPlanner: ['plan', '-f', 'folder', '--planner', 'oracle'],
  badBudget: ['plan', '-f', 'folder', '--budget', 'soon'],
  help: ['plan', '--help'],
  topHelp: ['--help'],
} as const;
type Name = keyof typeof RUNS;

describe('edgeloom plan', () => {
  const runs = new Map<Name, Run>();
  let folder = '';
  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'edgeloom-plan-'));
    await mkdir(join(folder, 'folder'));
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
    const waiting = Object.keys(RUNS) as Name[];
    const worker = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
        runs.set(name, await edgeloom(RUNS[name], folder));
    };
    await Promise.all([worker(), worker()]);
  });
  after(() => rm(folder, { recursive: true }));

  const run = (name: Name): Run => runs.get(name)!;
  const documentOf = (name: Name): PlanDocument => JSON.parse(run(name).out) as PlanDocument;

  it('prints one JSON document on stdout and nothing else, with every field of the contract', () => {
    const { code, err } = run('json');
    assert.deepEqual([code, err], [0, '']);
    const document = documentOf('json');
    assert.deepEqual(
      document.assignments.map(({ microservice, replica, region, node }) => ({
        microservice,
        replica,
        region,
        node,
      })),
      [
        { microservice: 'capture', replica: 0, region: 'north', node: 'edge-1' },
        { microservice: 'stitch', replica: 0, region: 'north', node: 'edge-1' },
      ],
    );
    assert.deepEqual([document.dag, document.feasible, document.source], ['arena/first', true, 'Search']);
    assert.deepEqual(document.routes, [
      {
        from: 'capture',
        to: 'stitch',
        paths: [{ via: ['edge-1'], weightPpm: 1_000_000, latencyMicros: 0, bandwidthBps: 0 }],
      },
    ]);
    // 700 + 82 over the air, 200 + 82 to the node, twice 333 of work.
    assert.deepEqual(document.ingress, [
      { region: 'north', to: 'capture', via: ['north', 'edge-1'], latencyMicros: 1064 },
    ]);
    assert.equal(document.predicted?.latencyMicros, 1731);
    assert.deepEqual(document.predicted.criticalPath, ['capture', 'stitch']);
    assert.deepEqual(document.violations, []);
    assert.ok(document.alternatives.every((a) => a.source === 'Search' && a.feasible));
    assert.ok(Number.isInteger(document.elapsedMicros));
  });

  it('gives the same document for the same objects, whatever the order of the files', () => {
    const strip = (name: Name): unknown => ({ ...documentOf(name), elapsedMicros: 0 });
    assert.deepEqual(strip('again'), strip('json'));
  });

  it('prints the same as YAML', () => {
    assert.deepEqual(
      { ...(parse(run('yaml').out) as object), elapsedMicros: 0 },
      { ...documentOf('json'), elapsedMicros: 0 },
    );
  });

  it('prints a table for people from a folder', () => {
    const { code, out } = run('table');
    assert.equal(code, 0);
    assert.match(out, /^arena\/first: planned by Search/);
    assert.match(out, /^capture\/0 +edge-1 +north /m);
    assert.match(out, /^critical path: capture → stitch$/m);
  });

  it('plans several DAGs in the order of the files, each on what the earlier ones left', () => {
    const { plans } = JSON.parse(run('inOrder').out) as { plans: PlanDocument[] };
    assert.deepEqual(
      plans.map((p) => [p.dag, p.feasible, p.assignments.map((a) => a.node)]),
      [
        ['arena/second', true, ['edge-1', 'edge-1']],
        ['arena/first', false, []],
        ['arena/one', true, ['edge-2', 'edge-2']],
        ['arena/two', false, []],
      ],
    );
    assert.equal(run('inOrder').code, 3, 'one infeasible is enough');
  });

  it('plans one alone with --dag, as if the others were not there', () => {
    const document = documentOf('onlyOne');
    assert.deepEqual([run('onlyOne').code, document.dag, document.feasible], [0, 'arena/first', true]);
  });

  it('takes a planner, an objective and a budget', () => {
    const document = documentOf('latency');
    assert.deepEqual([run('latency').code, document.method], [0, 'greedy']);
  });

  it('keeps what runs where it is, but for as many moves as it may make', () => {
    assert.deepEqual(
      documentOf('stays').assignments.map(({ node }) => node),
      ['edge-1', 'edge-2'],
    );
    assert.match(run('moves').out, /^moves: stitch\/0 to edge-1, in the place of pod first-stitch$/m);
  });

  it('prints an infeasible document with its violations and leaves with 3', () => {
    const document = documentOf('infeasible');
    assert.deepEqual([run('infeasible').code, document.feasible, document.assignments], [3, false, []]);
    assert.deepEqual(
      document.violations.map((v) => [v.constraint, v.object, v.hard]),
      ['capture', 'stitch'].map((name) => [
        `microservices[${name}].template.spec.containers.resources.requests.cpu`,
        'ServiceDAG arena/greedy',
        true,
      ]),
    );
    assert.equal(run('infeasibleTable').code, 3);
    assert.match(run('infeasibleTable').out, /NO FEASIBLE PLAN/);
    assert.match(run('infeasibleTable').out, /^broken: /m);
  });

  const refusals: Record<string, { name: Name; line: RegExp }> = {
    'an edge to nowhere names itself, what is missing and the nearest name': {
      name: 'wrongFiles',
      line: /^dangling\.yaml:10: ServiceDAG arena\/bad: spec\.edges\[0\]\.to: edge capture→stich: no microservice "stich"; did you mean "?stitch"?/m,
    },
    'a cycle names its members': {
      name: 'wrongFiles',
      line: /^cycle\.yaml:\d+: ServiceDAG arena\/bad: spec\.edges\[\d\]: cycle capture → stitch → capture; remove one/m,
    },
    'an unknown field names the nearest': {
      name: 'wrongFiles',
      line: /^unknown-field\.yaml:10: ServiceDAG arena\/bad: spec\.edges\[0\]\.?.*paylod.*payload/m,
    },
    'an unknown region names the nearest': {
      name: 'wrongFiles',
      line: /^unknown-region\.yaml:5: ServiceDAG arena\/lost: spec\.ingress\[0\]\.region: no EdgeRegion "nort"; did you mean "?north/m,
    },
    'an unknown band names those there are': {
      name: 'wrongFiles',
      line: /^unknown-band\.yaml:5: ServiceDAG arena\/mute: spec\.ingress\[0\]\.band: .*mmWave/m,
    },
    'no region at all is an unknown region': {
      name: 'noRegions',
      line: /^first\.yaml:5: ServiceDAG arena\/first: spec\.ingress\[0\]\.region: no EdgeRegion "north"/m,
    },
    'a YAML error names its line': { name: 'wrongFiles', line: /^yaml\.yaml:4: YAML error: /m },
    'work without a CPU request names the field': {
      name: 'wrongFiles',
      line: /^no-cpu\.yaml:7: ServiceDAG arena\/bad: spec\.microservices\[0\]\.template\.spec\.containers: .*needs a CPU request/m,
    },
    'a link to nowhere names its end': {
      name: 'oddWorld',
      line: /^odd-world\.yaml:6: EdgeRegion north: spec\.topology\.links\[0\]\.to: "ghost" is no node, no waypoint and no region: correct/m,
    },
    'a node in two regions names both': {
      name: 'oddWorld',
      line: /^odd-world\.yaml:11: Node edge-1: metadata\.labels: selected by the regions north and south.*make the selectors disjoint/m,
    },
    'a node fact that is no number is named': {
      name: 'oddWorld',
      line: /^odd-world\.yaml:11: Node edge-1: metadata\.annotations\[edgeloom\.dev\/mips-per-cpu\]: "fast"/m,
    },
    'a value that is none names its field': {
      name: 'wrongFiles',
      line: /^broken\.yaml:10: ServiceDAG arena\/bad: spec\.edges\[0\]\.payload: /m,
    },
    'a file that is not there': {
      name: 'wrongFiles',
      line: /^nowhere\.yaml: no such file or folder; check the path/m,
    },
    'a file without objects': { name: 'emptyFile', line: /^empty\.yaml: no objects found; name files/m },
    'files without a ServiceDAG': { name: 'noDag', line: /hold no ServiceDAG/ },
    'a DAG that is not there names those that are': {
      name: 'wrongDag',
      line: /no ServiceDAG arena\/frist in the files; found: arena\/first/,
    },
    'no file': { name: 'noFile', line: /required option '-f, --file/ },
    'a planner that is not there names those that are': {
      name: 'unknownPlanner',
      line: /Allowed choices are search,/,
    },
    'a budget that is no duration': { name: 'badBudget', line: /a duration such as 50ms/ },
  };
  for (const [what, { name, line }] of Object.entries(refusals)) {
    it(`bad input leaves with 2 and says what to mend: ${what}`, () => {
      const { code, out, err } = run(name);
      assert.match(err, line);
      assert.deepEqual([code, out], [2, '']);
    });
  }

  it('explains itself', () => {
    const { code, out } = run('help');
    assert.equal(code, 0);
    for (const word of ['--file', '--dag', '--planner', '--objective', '--budget', '--output', 'Exit codes'])
      assert.ok(out.includes(word), word);
    assert.equal(run('topHelp').code, 0);
    assert.match(run('topHelp').out, /^ {2}plan /m);
  });
});
