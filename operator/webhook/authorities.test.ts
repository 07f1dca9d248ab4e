import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createAuthority, lifeOf } from '#kube/pki/certificates.ts';
import type { Authority } from '#kube/pki/certificates.ts';
import { authoritiesIn, bundleOf, dataOf, renewed, renewedAgainMs } from './authorities.ts';
import type { Authorities } from './authorities.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-03-01T00:00:00Z');
const lives = { authorityMs: 30 * HOUR_MS, servingMs: 6 * HOUR_MS, overlapMs: HOUR_MS };
const at = (hours: number): number => START_MS + hours * HOUR_MS;
const made = (hours: number): Authority => createAuthority('test', new Date(at(hours)), lives.authorityMs);
const yes = (): boolean => true;
const tick = (held: Authorities | undefined, hours: number, trusted = yes): Authorities =>
  renewed(held, at(hours), lives, trusted, () => made(hours));

describe('authorities', () => {
  const first = made(0);
  const second = made(20);

  it('begin with one', () => {
    const { current, next, previous } = tick(undefined, 0);
    assert.equal(lifeOf(current.certificate).untilMs, at(30));
    assert.deepEqual([next, previous], [undefined, undefined]);
  });

  const calm: Record<string, { held: Authorities; hours: number; trusted?: () => boolean }> = {
    'stay while two thirds of their life are not over': { held: { current: first }, hours: 19.9 },
    'stay while the next one is not known for an hour': {
      held: { current: first, next: second },
      hours: 20.9,
    },
    'stay while the API server does not trust the next one': {
      held: { current: first, next: second },
      hours: 25,
      trusted: () => false,
    },
    'keep the one before while it holds': {
      held: { current: second, previous: first.certificate },
      hours: 29,
    },
  };
  for (const [says, { held, hours, trusted }] of Object.entries(calm)) {
    it(says, () => assert.equal(tick(held, hours, trusted), held));
  }

  it('get a next one that does not sign yet', () => {
    const { current, next } = tick({ current: first }, 20);
    assert.equal(current, first);
    assert.equal(lifeOf(next?.certificate ?? '').madeMs, at(20));
  });

  it('let the next one sign when all know it, and are trusted for what they signed', () => {
    assert.deepEqual(tick({ current: first, next: second }, 21), {
      current: second,
      previous: first.certificate,
    });
  });

  it('hurry when the current one is about to run out', () => {
    const late = made(29.5);
    const held = { current: first, next: late };
    assert.equal(renewedAgainMs(held, lives), at(29.75));
    assert.equal(tick(held, 29.7), held);
    assert.equal(tick(held, 29.75).current, late);
  });

  it('forget the one before when it has run out', () => {
    assert.deepEqual(tick({ current: second, previous: first.certificate }, 31), { current: second });
  });

  it('take the next one at once when nobody was there in time, and a new one when that has run out too', () => {
    assert.equal(tick({ current: first, next: second }, 31, () => false).current, second);
    const { current, next } = tick({ current: first, next: second }, 51);
    assert.equal(lifeOf(current.certificate).untilMs, at(81));
    assert.equal(next, undefined);
  });

  it('say when to ask again', () => {
    assert.equal(renewedAgainMs({ current: first }, lives), at(20));
    assert.equal(renewedAgainMs({ current: first, next: second }, lives), at(21));
  });

  it('are kept in a Secret and read from it', () => {
    const held = { current: second, next: made(40), previous: first.certificate };
    const read = authoritiesIn(dataOf(held));
    assert.deepEqual([read?.current.key, read?.next?.key], [held.current.key, held.next.key]);
    assert.equal(bundleOf(read ?? { current: first }), bundleOf(held));
  });

  it('are not read from what somebody else wrote', () => {
    const good = dataOf({ current: first, next: second });
    for (const data of [undefined, {}, { 'ca.crt': 'x' }, { ...good, 'ca.key': good['next.key'] ?? '' }])
      assert.equal(authoritiesIn(data), undefined);
    const half = authoritiesIn({ ...good, 'next.key': '', 'previous.crt': 'bm9uZQ==' });
    assert.deepEqual([half?.next, half?.previous], [undefined, undefined]);
  });

  it('never sign before they are trusted, and never when they have run out, whenever they are asked', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 25 }), (gaps) => {
        let hours = 0;
        let held = tick(undefined, hours);
        let told = bundleOf(held);
        for (const gap of gaps) {
          hours += gap;
          const isOver = lifeOf(held.current.certificate).untilMs <= at(hours);
          const before = held;
          held = renewed(
            held,
            at(hours),
            lives,
            (one) => told.includes(one),
            () => made(hours),
          );
          assert.ok(lifeOf(held.current.certificate).untilMs > at(hours));
          if (!isOver) {
            assert.ok(told.includes(held.current.certificate), 'it was trusted before');
            assert.ok(bundleOf(held).includes(before.current.certificate), 'the one before is trusted still');
          }
          const again = (one: Authorities): Authorities =>
            renewed(
              one,
              at(hours),
              lives,
              () => false,
              () => made(hours),
            );
          const rest = again(held);
          assert.equal(again(rest), rest, 'it comes to rest');
          told = bundleOf(held);
        }
      }),
      { numRuns: 40 },
    );
  });
});
