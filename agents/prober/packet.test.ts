import assert from 'node:assert/strict';
import fc from 'fast-check';
import { answerTo, PACKET_BYTES, question, readPacket } from './packet.ts';

const nonce = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

describe('packets of probes', () => {
  it('carry a nonce there and back in as many bytes', () => {
    const asked = question(nonce);
    assert.deepEqual(readPacket(asked), { kind: 'question', nonce: nonce.toString('hex') });
    const answered = answerTo(asked);
    assert.deepEqual(readPacket(answered), { kind: 'answer', nonce: nonce.toString('hex') });
    assert.equal(asked.length, PACKET_BYTES);
    assert.equal(answered.length, asked.length);
  });

  it('are read from no other bytes', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(PACKET_BYTES), question(nonce).subarray(1)])
      assert.equal(readPacket(bytes), undefined);
    const odd = question(nonce);
    odd[4] = 3;
    assert.equal(readPacket(odd), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
        const read = readPacket(Buffer.from(bytes));
        assert.ok(read === undefined || bytes.length === PACKET_BYTES);
      }),
    );
  });
});
