import assert from 'node:assert/strict';
import type { KubeObject } from './object.ts';
import { Store } from './store.ts';

interface Thing extends KubeObject {
  readonly node?: string;
}

const thing = (name: string, version: string, node?: string): Thing => ({
  metadata: { name, uid: name, resourceVersion: version, managedFields: [{}] },
  ...(node === undefined ? {} : { node }),
});

describe('the store', () => {
  let store: Store<Thing>;
  let told: string[];
  beforeEach(() => {
    store = new Store();
    told = [];
    const version = (object?: Thing): string => object?.metadata.resourceVersion ?? '-';
    store.subscribe((key, before, after) => void told.push(`${key} ${version(before)}>${version(after)}`));
  });

  it('tells adds, changes and deletes of a relist, and nothing of what is the same', () => {
    store.replace([thing('a', '1'), thing('b', '1'), thing('c', '1')]);
    told.length = 0;
    store.replace([thing('a', '1'), thing('b', '2'), thing('d', '3')]);
    assert.deepEqual(told, ['c 1>-', 'b 1>2', 'd ->3']);
  });

  it('swaps a relist in before anyone is told', () => {
    store.replace([thing('a', '1')]);
    const sizes: number[] = [];
    store.subscribe(() => void sizes.push(store.size));
    store.replace([thing('b', '2'), thing('c', '2')]);
    assert.deepEqual(sizes, [2, 2, 2]);
  });

  it('is synced by a list, even an empty one, and not by an event', async () => {
    store.put(thing('a', '1'));
    assert.equal(store.hasSynced, false);
    store.replace([]);
    assert.equal(store.hasSynced, true);
    await store.synced;
  });

  it('tells a new object of an old name', () => {
    store.put(thing('a', '1'));
    store.put({ metadata: { name: 'a', uid: 'other', resourceVersion: '1' } });
    assert.equal(told.length, 2);
  });

  it('keeps indexes in step', () => {
    store.put(thing('a', '1', 'n1'));
    store.addIndex('node', ({ node }) => (node === undefined ? [] : [node]));
    store.put(thing('b', '2', 'n1'));
    store.put(thing('a', '3', 'n2'));
    const names = (node: string): string[] => store.by('node', node).map(({ metadata }) => metadata.name);
    assert.deepEqual([names('n1'), names('n2'), names('n3')], [['b'], ['a'], []]);
    store.remove('b');
    assert.deepEqual(names('n1'), []);
    assert.throws(() => store.by('zone', 'x'), /no index "zone"/);
  });

  it('strips managedFields and freezes to the bottom', () => {
    store.put({ ...thing('a', '1'), metadata: { ...thing('a', '1').metadata, labels: { x: 'y' } } });
    const held = store.get('a');
    assert.ok(held !== undefined && !('managedFields' in held.metadata));
    assert.throws(() => Object.assign(held.metadata.labels ?? {}, { x: 'z' }), TypeError);
  });

  it('stops telling who no longer asks, and a list stays as it was', () => {
    const before = store.list();
    const stop = store.subscribe(() => assert.fail('told'));
    stop();
    store.put(thing('a', '1'));
    assert.deepEqual([before.length, store.list().length], [0, 1]);
  });
});
