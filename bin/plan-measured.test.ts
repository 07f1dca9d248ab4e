import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, 'main.ts');

const region = (name: string, links: readonly object[] = [], rows: readonly object[] = []): object => ({
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'EdgeRegion',
  metadata: { name },
  spec: {
    nodeSelector: { matchLabels: { 'edgeloom.dev/region': name } },
    topology: { attachment: { latency: '200us', bandwidth: '10G' }, links },
  },
  status: { links: rows },
});
const node = (name: string, region: string, cpu: string): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'edgeloom.dev/region': region } },
  status: { allocatable: { cpu, memory: '16Gi', pods: '110' } },
});
const resources = { requests: { cpu: '2', memory: '1Gi' } };
const dag = {
  apiVersion: 'edgeloom.dev/v1alpha1',
  kind: 'ServiceDAG',
  metadata: { name: 'app', namespace: 'default' },
  spec: {
    class: 'Immersive',
    ingress: [{ region: 'users', payload: '10Ki' }],
    microservices: [{ name: 'front', template: { spec: { containers: [{ name: 'main', image: 'demo:1', resources }] } } }], // prettier-ignore
  },
};
const links = [
  { from: 'users', to: 'left', latency: '1ms', bandwidth: '10G' },
  { from: 'users', to: 'right', latency: '2ms', bandwidth: '10G' },
];
const row = (to: string, measuredLatencyMicros: number, at: string): object => ({
  from: 'users',
  to,
  measuredLatencyMicros,
  at,
});

describe('edgeloom plan and measured links', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeloom-measured-'));
  after(() => rmSync(folder, { recursive: true }));
  /** Where the service goes, and how long a call of it takes, when such rows are in the status of `users`. */
  const planned = (rows: readonly object[]): { node: string; latencyMicros: number } => {
    const items = [
      region('users', links, rows),
      region('left'),
      region('right'),
      node('users-1', 'users', '1'),
      node('left-1', 'left', '4'),
      node('right-1', 'right', '4'),
      dag,
    ];
    const file = join(folder, 'world.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const args = [PROGRAM, 'plan', '-f', file, '-o', 'json', '--objective', 'latency'];
    const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    const { assignments, predicted } = JSON.parse(done.stdout) as {
      assignments: { node: string }[];
      predicted: { latencyMicros: number };
    };
    return { node: assignments[0]?.node ?? '', latencyMicros: predicted.latencyMicros };
  };

  it('goes where the declared link is quicker, and elsewhere when it is measured slower', () => {
    const declared = planned([]);
    assert.equal(declared.node, 'left-1');
    const slow = planned([row('left', 9_000, '2026-11-23T12:00:00Z')]);
    assert.equal(slow.node, 'right-1');
    assert.ok(slow.latencyMicros > declared.latencyMicros);
    // A file is a picture of its moment: what is old beside its newest measurement is old.
    const old = planned([
      row('left', 9_000, '2026-11-23T11:00:00Z'),
      row('right', 2_000, '2026-11-23T12:00:00Z'),
    ]);
    assert.equal(old.node, 'left-1');
  });
});
