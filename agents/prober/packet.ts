/** Bytes of a packet: an answer is as long as its question, so that nobody can be flooded through us. */
export const PACKET_BYTES = 32;

const MAGIC = 0x45_4c_50_31; // "ELP1"
const NONCE_AT = 8;
/** Bytes that only the one who was asked can know. */
export const NONCE_BYTES = 16;
const QUESTION = 1;
const ANSWER = 2;

/** What a packet says. */
export interface Packet {
  readonly kind: 'question' | 'answer';
  /** Hexadecimal. */
  readonly nonce: string;
}

/** A question: the magic word, its kind, the nonce, and zeros to the length of an answer. */
export function question(nonce: Buffer): Buffer {
  const bytes = Buffer.alloc(PACKET_BYTES);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes[4] = QUESTION;
  nonce.copy(bytes, NONCE_AT, 0, NONCE_BYTES);
  return bytes;
}

/** The answer to a question: the same bytes but for the kind. */
export function answerTo(asked: Buffer): Buffer {
  const bytes = Buffer.from(asked);
  bytes[4] = ANSWER;
  return bytes;
}

/** Reads a packet; undefined for one that is not ours. */
export function readPacket(bytes: Buffer): Packet | undefined {
  if (bytes.length !== PACKET_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const kind = bytes[4] === QUESTION ? 'question' : bytes[4] === ANSWER ? 'answer' : undefined;
  if (kind === undefined) return undefined;
  return { kind, nonce: bytes.toString('hex', NONCE_AT, NONCE_AT + NONCE_BYTES) };
}
