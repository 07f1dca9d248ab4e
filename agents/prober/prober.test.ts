import assert from 'node:assert/strict';
import fc from 'fast-check';
import { answerTo, question } from './packet.ts';
import { WINDOW } from './estimator.ts';
import { LOST_MICROS, OWN, Prober } from './prober.ts';
import type { PacketFate } from './prober.ts';

const peer = (n: number): { name: string; address: string } => ({ name: `n${n}`, address: `10.0.0.${n}` });
const peers = (...numbers: number[]) => ({ first: numbers.map(peer), rest: [], unaddressed: [] });

describe('a prober', () => {
  let fates: PacketFate[];
  let nonces: number;
  const prober = (answersPerSecond = 500): Prober => {
    fates = [];
    nonces = 0;
    return new Prober({
      random: (bytes) => Buffer.alloc(bytes, ++nonces % 256),
      count: (fate) => fates.push(fate),
      answersPerSecond,
    });
  };
  /** Questions to whoever is next, each answered after so long. */
  const exchange = (asker: Prober, questions: number, rttMicros: number, fromMicros = 0): void => {
    for (let i = 0; i < questions; i++) {
      const at = fromMicros + i * 10_000;
      const sent = asker.ask(at);
      assert.ok(sent !== undefined);
      assert.equal(asker.hear(answerTo(sent.bytes), sent.address, at + rttMicros), undefined);
    }
  };

  it('measures who answers', () => {
    const asker = prober();
    asker.follow(peers(1, 2));
    exchange(asker, 2 * WINDOW, 4_000);
    assert.deepEqual(
      asker.measurements(1_000_000).map(({ peer, rttMicros }) => [peer, rttMicros]),
      [
        ['n1', 4_000],
        ['n2', 4_000],
      ],
    );
  });

  it('subtracts what the machine itself takes', () => {
    const asker = new Prober({ random: (bytes) => Buffer.alloc(bytes, ++nonces % 256), hasOwn: true });
    asker.follow(peers(1));
    for (let i = 0; i < 3 * WINDOW; i++) {
      const sent = asker.ask(i * 10_000);
      assert.ok(sent !== undefined);
      assert.equal(sent.address === OWN, i < WINDOW);
      const rtt = sent.address === OWN ? 150 : 4_150;
      asker.hear(answerTo(sent.bytes), sent.address, i * 10_000 + rtt);
    }
    assert.deepEqual(
      asker.measurements(0).map(({ peer, rttMicros }) => [peer, rttMicros]),
      [['n1', 4_000]],
    );
  });

  it('answers a node with as many bytes, and nobody else', () => {
    const one = prober();
    one.follow(peers(1));
    const asked = question(Buffer.alloc(16, 7));
    const answer = one.hear(asked, '10.0.0.1', 0);
    assert.equal(answer?.address, '10.0.0.1');
    assert.equal(answer?.bytes.length, asked.length);
    assert.equal(one.hear(asked, '203.0.113.9', 0), undefined);
    assert.deepEqual(fates, ['answered', 'stranger']);
  });

  it('answers so many a second and no more', () => {
    const one = prober(10);
    one.follow(peers(1));
    const asked = question(Buffer.alloc(16, 7));
    const answers = (atMicros: number): number =>
      Array.from({ length: 50 }, () => one.hear(asked, '10.0.0.1', atMicros)).filter(Boolean).length;
    assert.equal(answers(0), 10);
    assert.equal(answers(100_000), 1);
    assert.equal(answers(10_000_000), 10);
    assert.equal(answers(0), 0);
  });

  it('believes an answer once, from whom it asked, in time, and not before it asked', () => {
    const asker = prober();
    asker.follow(peers(1, 2));
    const sent = asker.ask(1_000);
    assert.ok(sent !== undefined);
    const answer = answerTo(sent.bytes);
    asker.hear(answer, '10.0.0.2', 2_000);
    asker.hear(answerTo(question(Buffer.alloc(16, 99))), '10.0.0.1', 2_000);
    asker.hear(answer, '10.0.0.1', 2_000);
    asker.hear(answer, '10.0.0.1', 2_100);
    const [late, early] = [asker.ask(3_000), asker.ask(4_000)];
    assert.ok(late !== undefined && early !== undefined);
    asker.hear(answerTo(late.bytes), late.address, 3_000 + LOST_MICROS + 1);
    asker.hear(answerTo(early.bytes), early.address, 3_999);
    assert.deepEqual(fates, ['asked', 'stray', 'stray', 'heard', 'stray', 'asked', 'asked', 'lost', 'lost']);
    assert.deepEqual(asker.measurements(0), []);
  });

  it('takes answers in any order', () => {
    const asker = prober();
    asker.follow(peers(1));
    const sent = Array.from({ length: WINDOW }, (_, i) => asker.ask(i * 1_000));
    for (const [i, one] of [...sent.entries()].toReversed())
      if (one !== undefined) asker.hear(answerTo(one.bytes), one.address, i * 1_000 + 7_000);
    assert.equal(asker.measurements(0)[0]?.rttMicros, 7_000);
  });

  it('gives questions up that are not answered, and keeps few', () => {
    const asker = prober();
    asker.follow(peers(1));
    for (let i = 0; i < 1_000; i++) asker.ask(i * 100_000);
    assert.ok(fates.filter((fate) => fate === 'lost').length >= 988);
    assert.deepEqual(asker.measurements(1e9), []);
  });

  it('forgets who is gone or has another address, and asks nobody when there is nobody', () => {
    const asker = prober();
    assert.equal(asker.ask(0), undefined);
    asker.follow(peers(1, 2));
    exchange(asker, 2 * WINDOW, 4_000);
    asker.follow({ first: [{ name: 'n1', address: '10.0.0.77' }, peer(2)], rest: [], unaddressed: [] });
    assert.deepEqual(
      asker.measurements(0).map(({ peer }) => peer),
      ['n2'],
    );
    asker.follow(peers());
    assert.deepEqual(asker.measurements(0), []);
    assert.equal(asker.ask(0), undefined);
  });

  it('law: no bytes from anywhere make it throw, answer more than it was asked, or measure', () => {
    const one = prober();
    one.follow(peers(1, 2));
    const valid = fc.constantFrom(question(Buffer.alloc(16)), answerTo(question(Buffer.alloc(16))));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b)),
      valid,
    );
    const from = fc.constantFrom('10.0.0.1', '10.0.0.2', '8.8.8.8');
    fc.assert(
      fc.property(bytes, from, fc.integer(), (packet, address, at) => {
        const answer = one.hear(packet, address, at);
        assert.ok(answer === undefined || answer.bytes.length <= packet.length);
      }),
    );
    assert.deepEqual(one.measurements(0), []);
  });
});
