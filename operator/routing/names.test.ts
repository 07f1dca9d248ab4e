import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { backendName, frontName, upstreamVariable } from './names.ts';

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const slice = fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);

describe('names of routing Services', () => {
  it('are plain where they can be', () => {
    assert.equal(frontName('shop', 'cart', 'price', 'xr'), 'shop-cart-to-price-xr');
    assert.equal(backendName('shop', 'price', 'cbd-east'), 'shop-price-in-cbd-east');
    assert.equal(upstreamVariable('left-eye'), 'DAG_UPSTREAM_LEFT_EYE');
  });

  it('tell apart what the joined parts do not', () => {
    assert.notEqual(frontName('d', 'a-to-b', 'c', 's'), frontName('d', 'a', 'b-to-c', 's'));
    assert.notEqual(backendName('d', 'a-in-b', 'c'), backendName('d', 'a', 'b-in-c'));
    assert.notEqual(frontName('d', 'a', 'b', 'X.r'), frontName('d', 'a', 'b', 'x_r'));
  });

  it('are legal, at most 63 characters, and never those of the other kind', () => {
    fc.assert(
      fc.property(label, label, label, slice, (dag, from, to, name) => {
        for (const made of [frontName(dag, from, to, name), backendName(dag, from, to)])
          assert.match(made, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
        assert.notEqual(frontName(dag, from, to, name), backendName(dag, from, to));
        const variable = upstreamVariable(to);
        assert.match(variable, /^[A-Z0-9_]+$/);
      }),
    );
  });
});
