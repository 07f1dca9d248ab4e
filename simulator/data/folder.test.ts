import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataFolder } from './folder.ts';

describe('the data folder', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'edgeloom-data-'));
    mkdirSync(join(root, 'bs-shanghai-telecom'));
    writeFileSync(join(root, 'bs-shanghai-telecom', 'a.csv.gz'), gzipSync('x\n1\n'));
    writeFileSync(join(root, 'bs-shanghai-telecom', 'b.csv.gz'), 'no gzip');
  });
  after(() => rmSync(root, { recursive: true }));

  it('unpacks what it finds', () => {
    assert.equal(new DataFolder(root).text('bs-shanghai-telecom', 'a.csv.gz'), 'x\n1\n');
  });

  it('says which set is missing, what it is, where it comes from and under which licence', () => {
    assert.throws(
      () => new DataFolder().text('bs-shanghai-telecom', 'base_station_load.csv'),
      /bs-shanghai-telecom is needed and no data folder is named .*GeminiLight\/edge-server-placement.*licence: none stated.*--data DIR or EDGELOOM_DATA/,
    );
    assert.throws(
      () => new DataFolder(root).text('callgraphs-alibaba-dgg', 'x'),
      (error: Error) => error.message.includes(`it is not in ${root}`),
    );
  });

  it('refuses a file that is no gzip', () => {
    assert.throws(
      () => new DataFolder(root).text('bs-shanghai-telecom', 'b.csv.gz'),
      /bs-shanghai-telecom\/b\.csv\.gz: the file cannot be unpacked/,
    );
  });
});
