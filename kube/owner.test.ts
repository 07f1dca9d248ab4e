import assert from 'node:assert/strict';
import { ownedBy, ownerReference } from './owner.ts';

const parent = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', uid: 'u-1' } };

describe('ownerReference', () => {
  it('is a controller unless told otherwise', () => {
    const plain = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u-1' };
    assert.deepEqual(ownerReference(parent), { ...plain, controller: true, blockOwnerDeletion: true });
    assert.deepEqual(ownerReference(parent, { controller: false }), plain);
  });
  it('refuses an object that the server has not seen, by name', () => {
    assert.throws(() => ownerReference({ metadata: { name: 'web', namespace: 'n' } }), /n\/web cannot own/);
  });
});

describe('ownedBy', () => {
  it('finds any owner by uid', () => {
    const child = { metadata: { name: 'pod', ownerReferences: [ownerReference(parent)] } };
    assert.equal(ownedBy(child, 'u-1'), true);
    assert.equal(ownedBy(child, 'u-2'), false);
    assert.equal(ownedBy({ metadata: { name: 'orphan' } }, 'u-1'), false);
  });
});
