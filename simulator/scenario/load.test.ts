import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantity } from '#crds/quantity.ts';
import { EXTRACTS } from '#simulator/data/folder.ts';
import { builtInScenarios } from './built-in.ts';
import { loadCase, loadScenario } from './load.ts';
import { expand } from './read.ts';

const OPTIONS = { seed: 1, replication: 0 };
const HEAD = 'apiVersion: edgeloom.dev/v1alpha1\nkind: Scenario\nextends: S3\nname: t\n';
/** Of the city of S3 with seed 1. A change of what is built changes it: say so in the changelog. */
const S3_DIGEST = 'c5ff4e81bdd977a307a82650feca0025c37c52753b0e81f84504dd3ace298538';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('loading a scenario', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgeloom-scenario-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const written = (text: string, name = 't.yaml'): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const loads = (body: string, dataFolder?: string): unknown =>
    loadScenario(written(HEAD + body), { ...OPTIONS, dataFolder });

  it('builds the same city for the same seed, to the byte, and another for another', () => {
    const digest = (seed: number): string =>
      createHash('sha256')
        .update(JSON.stringify(loadScenario('S3', { ...OPTIONS, seed }).city))
        .digest('hex');
    assert.equal(digest(1), S3_DIGEST);
    assert.equal(digest(1), digest(1));
    assert.notEqual(digest(1), digest(2));
  });

  it('leaves the city as it is in every replication', () => {
    const [a, b] = [0, 7].map((replication) => loadScenario('S3', { seed: 1, replication }));
    assert.deepEqual(a?.city, b?.city);
    assert.equal(b?.settings.replication, 7);
  });

  it('gives every region nodes, every site a region, and every application users', () => {
    const { city } = loadScenario('S3', OPTIONS);
    const regions = city.regions.map(({ metadata }) => metadata.name);
    for (const region of regions) {
      assert.ok(city.nodes.some(({ metadata }) => metadata.labels?.['edgeloom.dev/region'] === region));
    }
    assert.equal(city.sites.length, 125);
    assert.ok(city.sites.every(({ region, weight }) => regions.includes(region) && weight > 0));
    assert.ok(
      city.dags.every(({ spec }) => sum(spec.ingress.map((i) => quantity(i.requestsPerSecond ?? 0))) > 0),
    );
  });

  it('writes the rates that arrivals mean into the ingress, and leaves replicas as sized', () => {
    const plain = loadScenario('S3', OPTIONS).city.dags;
    const path = written(`${HEAD}exogenous: { arrivals: { total: 300 } }\n`);
    const { dags } = loadScenario(path, OPTIONS).city;
    const total = sum(
      dags.flatMap(({ spec }) => spec.ingress.map((i) => quantity(i.requestsPerSecond ?? 0))),
    );
    assert.ok(Math.abs(total - 300) < 0.1, `${total}`);
    assert.deepEqual(
      dags.map(({ spec }) => spec.microservices),
      plain.map(({ spec }) => spec.microservices),
    );
  });

  it('resolves every built-in scenario, and loads those that need no data folder', () => {
    const needData = /^(S1|S2|burst|day|failures|sweep)/;
    for (const name of builtInScenarios()) {
      const cases = expand(name);
      assert.equal(new Set(cases.map(({ digest }) => digest)).size, cases.length, name);
      if (needData.test(name)) continue;
      for (const one of cases) assert.ok(loadCase(one, OPTIONS).city.dags.length > 0);
    }
  });

  const bad = {
    'an unknown key, with the nearest known one': {
      body: 'city: { serverss: 3 }\n',
      error: /t\.yaml:5: Scenario t: city\.serverss: unknown field "serverss"; did you mean servers\?/,
    },
    'an unknown key inside a choice': {
      body: 'exogenous:\n  radio: { profile: urllc, los: 0.1 }\n',
      error: /t\.yaml:6: Scenario t: exogenous\.radio\.los: .*did you mean loss\?/,
    },
    'an unknown key of a class': {
      body: 'applications: { classes: { xr: { bnd: mmWave } } }\n',
      error: /applications\.classes\.xr\.bnd: unknown field "bnd"; did you mean band\?/,
    },
    'a choice that is none': {
      body: 'applications: { graphs: { from: alibabba } }\n',
      error: /t\.yaml:5: Scenario t: applications\.graphs\.from: /,
    },
    'applications that do not fit the city': {
      body: 'applications: { count: 60 }\n',
      error:
        /t\.yaml:5: Scenario t: applications\.count: the applications ask for [\d.]+ vCPU and the city has [\d.]+; ask for fewer/,
    },
    'a replica larger than the largest server': {
      body: 'applications: { classes: { twin: { cpu: [40, 60] } } }\n',
      error: /city\.cpu: tenant-\d\/twin-01\/\S+ asks for [\d.]+ vCPU and the largest server has 32/,
    },
    'regions without nodes': {
      body: 'city: { regions: 30 }\n',
      error: /t\.yaml:5: Scenario t: city\.regions: .*a region has no nodes; ask for fewer regions/s,
    },
    'more servers than stations': {
      body: 'city: { servers: 126 }\n',
      error:
        /t\.yaml:5: city\.servers: 126 servers need as many stations, and melbourne-cbd has 125; write at most 125/,
    },
    'a set that is not there': {
      body: 'city: { sites: { from: shanghai } }\n',
      error: /data set bs-shanghai-telecom is needed and no data folder is named .*GeminiLight.*--data DIR/,
    },
    'a band that the city does not have': {
      body: 'applications: { classes: { xr: { band: wifi } } }\n',
      error: /applications\.classes\.xr\.band: the city has no band "wifi"; bands of the city: mmWave/,
    },
    'a region in exogenous that the city does not have': {
      body: 'exogenous: { failures: { scripted: [{ at: 1s, region: region-9 }] } }\n',
      error: /t\.yaml:5: Scenario t: exogenous\.failures\.scripted\[0\]\.region: no region "region-9"/,
    },
    'classes whose shares do not sum to 1': {
      body: 'applications: { classes: { xr: { share: 0.5 } } }\n',
      error: /applications\.classes: the shares of the classes must sum to 1/,
    },
    'a warm-up as long as the run': {
      body: 'run: { duration: 10s, warmup: 10s }\n',
      error: /run\.warmup: .*must be shorter than `duration`/,
    },
    'the same case twice': {
      body: 'vary:\n  - { name: a, set: {} }\n  - { name: a, set: {} }\n',
      error: /t\.yaml:7: vary\[1\]\.name: the case "a" is there twice/,
    },
    'a case with an unknown key, where it stands': {
      body: 'vary:\n  - name: a\n    set: { run: { lenght: 3s } }\n',
      error: /t\.yaml:7: Scenario t\/a: run\.lenght: unknown field/,
    },
    'cases where one scenario is wanted': {
      body: 'vary:\n  - { name: a, set: {} }\n  - { name: b, set: {} }\n',
      error: /vary: the scenario has 2 cases; evaluate it/,
    },
  };
  for (const [name, { body, error }] of Object.entries(bad)) {
    it(`refuses ${name}`, () => assert.throws(() => loads(body), error));
  }

  it('refuses a scenario that extends itself, an unknown one, and none at all', () => {
    const self = written(HEAD.replace('S3', 'self.yaml'), 'self.yaml');
    assert.throws(() => expand(self), /extends itself: self\.yaml extends self\.yaml/);
    const unknown = written(HEAD.replace('S3', 'S4'), 'unknown.yaml');
    assert.throws(() => expand(unknown), /unknown\.yaml:3: extends: no scenario "S4"; did you mean S\d\?/);
    assert.throws(
      () => expand('nothing.yaml'),
      /nothing\.yaml: the scenario cannot be read .*built in are P0, /,
    );
  });

  it('names the line of a broken row, and of a row that is there twice', () => {
    const set = join(folder, 'bs-shanghai-telecom');
    mkdirSync(set);
    const header = 'id,latitude,longitude,num_sessions,workload_min\n';
    const body = 'city: { sites: { from: shanghai }, servers: 2, regions: 1 }\n';
    const rows = (text: string): void => writeFileSync(join(set, 'base_station_load.csv'), header + text);
    rows('1,31.2,121.4,5,100\n2,31.3,oops,5,100\n');
    assert.throws(
      () => loads(body, folder),
      /bs-shanghai-telecom\/base_station_load\.csv:3: longitude: "oops" is no number/,
    );
    rows('1,31.2,121.4,5,100\n1,31.3,121.5,5,100\n');
    assert.throws(() => loads(body, folder), /base_station_load\.csv:3: id: "1" is on line 2 too/);
  });

  it('ships a notice with every extract of its own', () => {
    for (const set of ['bs-melbourne-eua', 'callgraphs-mubench', 'traces-onlineboutique-nezha']) {
      assert.match(readFileSync(join(EXTRACTS, set, 'NOTICE.md'), 'utf8'), /@[0-9a-f]{12}/);
    }
  });
});
