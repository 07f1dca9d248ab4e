import { Estimator, WINDOW } from './estimator.ts';
import { answerTo, NONCE_BYTES, question, readPacket } from './packet.ts';
import type { Peer, Peers } from './peers.ts';
import { Rotation } from './rotation.ts';
import { TokenBucket } from './token-bucket.ts';

/** Bytes to send to the probe port of an address. */
export interface Datagram {
  readonly address: string;
  readonly bytes: Buffer;
}

/** Address of the echo on this very node. */
export const OWN = 'own';

/** What is known of the way to one node. */
export interface Measurement {
  readonly peer: string;
  /** Without what the machine itself takes. */
  readonly rttMicros: number;
  readonly deviationMicros: number;
  readonly looks: number;
  readonly ageMs: number;
}

/** What became of packets. */
export type PacketFate =
  'asked' | 'answered' | 'heard' | 'lost' | 'garbage' | 'stray' | 'stranger' | 'limited';

/** What a prober is told of the world. */
export interface ProberSettings {
  /** Unpredictable bytes. */
  readonly random: (bytes: number) => Buffer;
  /** Told the fate of each packet. */
  readonly count?: ((fate: PacketFate) => void) | undefined;
  /** Answers a second; one node asks another at most a few times a second. */
  readonly answersPerSecond?: number;
  /** Whether `OWN` answers: every fourth look goes there, and what it takes is subtracted. */
  readonly hasOwn?: boolean;
}

/** An answer that takes longer is lost: no link of an edge takes a second. */
export const LOST_MICROS = 1_000_000;
const ANSWERS_PER_SECOND = 500;
const OWN_PEER: Peer = { name: OWN, address: OWN };
/** One look in so many goes to the own echo, the very first one too. */
const OWN_LOOKS = 4;

interface Pending {
  readonly peer: Peer;
  readonly sentMicros: number;
}

/**
 * One node's part in measuring: asks peers one after the other in bursts, answers peers, believes only what answers its own
 * questions. State is one estimate a peer and the few questions under way. Time (monotonic microseconds) and chance are arguments.
 */
export class Prober {
  readonly #settings: ProberSettings;
  readonly #rotation = new Rotation();
  readonly #answers: TokenBucket;
  readonly #estimators = new Map<string, Estimator>();
  readonly #pending = new Map<string, Pending>();
  #byAddress = new Map<string, Peer>();
  readonly #overhead = new Estimator();
  #looks = 0;
  #burst: { readonly peer: Peer; left: number } | undefined;

  constructor(settings: ProberSettings) {
    this.#settings = settings;
    const { answersPerSecond = ANSWERS_PER_SECOND } = settings;
    this.#answers = new TokenBucket(answersPerSecond, answersPerSecond);
  }

  /** Takes new peers. What was known of a node that is gone, or has moved to another address, is forgotten. */
  follow(peers: Peers): void {
    const byAddress = new Map([...peers.first, ...peers.rest].map((peer) => [peer.address, peer]));
    const still = new Set<string>();
    for (const [address, peer] of byAddress)
      if (this.#byAddress.get(address)?.name === peer.name) still.add(peer.name);
    for (const name of this.#estimators.keys()) if (!still.has(name)) this.#estimators.delete(name);
    this.#byAddress = byAddress;
    this.#rotation.follow(peers);
    const asked = this.#burst?.peer;
    if (asked !== undefined && asked.address !== OWN && !still.has(asked.name)) this.#burst = undefined;
  }

  /** The next question; undefined when there is nobody to ask. */
  ask(nowMicros: number): Datagram | undefined {
    this.#expire(nowMicros);
    if (this.#burst === undefined || this.#burst.left === 0) {
      const peer = this.#next();
      if (peer === undefined) return undefined;
      this.#estimatorOf(peer).end();
      this.#burst = { peer, left: WINDOW };
    }
    const { peer } = this.#burst;
    this.#burst.left--;
    const nonce = this.#settings.random(NONCE_BYTES);
    this.#pending.set(nonce.toString('hex'), { peer, sentMicros: nowMicros });
    this.#count('asked');
    return { address: peer.address, bytes: question(nonce) };
  }

  /** Whether the look at a peer is under way: the next question belongs to it. */
  get isLooking(): boolean {
    return (this.#burst?.left ?? 0) > 0;
  }

  /** Takes what came from the probe port of an address; returns what is to be sent back. */
  hear(bytes: Buffer, address: string, nowMicros: number): Datagram | undefined {
    const packet = readPacket(bytes);
    if (packet === undefined) return this.#count('garbage');
    // Nobody but nodes is answered: a forged sender could only be another node.
    if (!this.#byAddress.has(address) && address !== OWN) return this.#count('stranger');
    if (packet.kind === 'answer') return this.#answered(packet.nonce, address, nowMicros);
    if (!this.#answers.take(nowMicros)) return this.#count('limited');
    this.#count('answered');
    return { address, bytes: answerTo(bytes) };
  }

  /** What is known, in order of name. */
  measurements(nowMicros: number): Measurement[] {
    const overhead = this.#overhead.estimate?.rttMicros ?? 0;
    return [...this.#estimators]
      .flatMap(([peer, { estimate }]) =>
        estimate === undefined
          ? []
          : {
              peer,
              rttMicros: Math.max(0, Math.round(estimate.rttMicros - overhead)),
              deviationMicros: Math.round(estimate.deviationMicros),
              looks: estimate.looks,
              ageMs: Math.max(0, Math.round((nowMicros - estimate.atMicros) / 1000)),
            },
      )
      .toSorted((a, b) => (a.peer < b.peer ? -1 : 1));
  }

  #answered(nonce: string, address: string, nowMicros: number): undefined {
    const asked = this.#pending.get(nonce);
    if (asked?.peer.address !== address) return this.#count('stray');
    this.#pending.delete(nonce);
    const rtt = nowMicros - asked.sentMicros;
    if (rtt < 0 || rtt > LOST_MICROS) return this.#count('lost');
    this.#count('heard');
    this.#estimatorOf(asked.peer).add(rtt, nowMicros);
    return undefined;
  }

  #next(): Peer | undefined {
    const peer =
      this.#settings.hasOwn === true && this.#looks % OWN_LOOKS === 0 ? OWN_PEER : this.#rotation.next();
    if (peer !== undefined) this.#looks++;
    return peer;
  }

  #estimatorOf({ name, address }: Peer): Estimator {
    if (address === OWN) return this.#overhead;
    const known = this.#estimators.get(name) ?? new Estimator();
    this.#estimators.set(name, known);
    return known;
  }

  /** Questions are kept in the order in which they were asked. */
  #expire(nowMicros: number): void {
    for (const [nonce, { sentMicros }] of this.#pending) {
      if (nowMicros - sentMicros <= LOST_MICROS) return;
      this.#pending.delete(nonce);
      this.#count('lost');
    }
  }

  #count(fate: PacketFate): undefined {
    this.#settings.count?.(fate);
    return undefined;
  }
}
