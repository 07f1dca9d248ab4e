import { FreeList, grown } from './slots.ts';

/** Requests that have not ended, in columns: a slot is taken on arrival and reused when nothing of the request is left. */
export class Requests {
  /** Slots in use. */
  get live(): number {
    return this.#free.used;
  }
  number = new Float64Array(0);
  application = new Int32Array(0);
  source = new Int32Array(0);
  arrived = new Float64Array(0);
  deadline = new Float64Array(0);
  payloadFactor = new Float64Array(0);
  /** 1 once it has been counted: what is left of it is dropped where it turns up. */
  ended = new Uint8Array(0);
  /** Tokens that belong to it. */
  tokens = new Int32Array(0);
  /** Services that nobody is called from and that are still to come. */
  sinks = new Int32Array(0);
  /** Of the sink that ended last: when, and the parts of that time. */
  end = new Float64Array(0);
  access = new Float64Array(0);
  queue = new Float64Array(0);
  serve = new Float64Array(0);
  /** Largest wait between synchronised inputs so far. */
  sync = new Float64Array(0);
  /** Per slot and join: inputs to come, the replica that was chosen (-1: none yet), the latest input, first and last synchronised one. */
  inputs = new Int32Array(0);
  chosen = new Int32Array(0);
  latest = new Float64Array(0);
  firstSync = new Float64Array(0);
  lastSync = new Float64Array(0);
  /** Joins per slot. */
  readonly joins: number;
  #capacity = 0;
  readonly #free = new FreeList(0);

  constructor(joins: number) {
    this.joins = Math.max(1, joins);
    this.#grow(1024);
  }

  /** A slot with its sums at zero; the caller writes the rest. */
  open(): number {
    if (this.#free.empty) this.#grow(2 * this.#capacity);
    const slot = this.#free.take();
    this.ended[slot] = 0;
    this.tokens[slot] = 0;
    this.end[slot] = -1;
    this.sync[slot] = 0;
    return slot;
  }

  /** Gives a slot back. */
  close(slot: number): void {
    this.#free.give(slot);
  }

  #grow(capacity: number): void {
    this.number = grown(this.number, capacity);
    this.application = grown(this.application, capacity);
    this.source = grown(this.source, capacity);
    this.arrived = grown(this.arrived, capacity);
    this.deadline = grown(this.deadline, capacity);
    this.payloadFactor = grown(this.payloadFactor, capacity);
    this.ended = grown(this.ended, capacity);
    this.tokens = grown(this.tokens, capacity);
    this.sinks = grown(this.sinks, capacity);
    this.end = grown(this.end, capacity);
    this.access = grown(this.access, capacity);
    this.queue = grown(this.queue, capacity);
    this.serve = grown(this.serve, capacity);
    this.sync = grown(this.sync, capacity);
    this.inputs = grown(this.inputs, capacity * this.joins);
    this.chosen = grown(this.chosen, capacity * this.joins);
    this.latest = grown(this.latest, capacity * this.joins);
    this.firstSync = grown(this.firstSync, capacity * this.joins);
    this.lastSync = grown(this.lastSync, capacity * this.joins);
    this.#free.add(this.#capacity, capacity);
    this.#capacity = capacity;
  }
}
