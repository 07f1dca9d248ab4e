/**
 * When one direction of a link is taken. A transfer asks at the moment it is sent for a time at which its head arrives, which may
 * be later than that of one sent after it: it gets the first gap from there on that is long enough, so the link is never idle
 * for somebody who is still on the way. Adjacent times are kept as one, so a saturated link has one entry.
 */
export class Timetable {
  #begin = new Float64Array(4);
  #end = new Float64Array(4);
  #first = 0;
  #after = 0;
  /** Where the gap found last is: number of the entry that it comes before. */
  #gap = 0;

  /** Times that are taken, for tests: `[begin, end]`, in order. */
  get taken(): [number, number][] {
    return Array.from({ length: this.#after - this.#first }, (_, i) => [
      this.#begin[this.#first + i] ?? 0,
      this.#end[this.#first + i] ?? 0,
    ]);
  }

  /** The first moment not before `from` at which the link is free for `length`; forgets what ended before `now`. */
  find(now: number, from: number, length: number): number {
    const begin = this.#begin;
    const end = this.#end;
    while (this.#first < this.#after && (end[this.#first] ?? 0) < now) this.#first++;
    if (this.#first === this.#after) {
      this.#first = this.#after = this.#gap = 0;
      return from;
    }
    if ((end[this.#after - 1] ?? 0) <= from) {
      this.#gap = this.#after;
      return from;
    }
    let start = from;
    let at = this.#first;
    for (; at < this.#after; at++) {
      if (start + length <= (begin[at] ?? 0)) break;
      const free = end[at] ?? 0;
      if (free > start) start = free;
    }
    this.#gap = at;
    return start;
  }

  /** Takes the time that `find` has just found, until `end`. */
  take(start: number, end: number): void {
    const at = this.#gap;
    const joinsBefore = at > this.#first && (this.#end[at - 1] ?? 0) === start;
    const joinsAfter = at < this.#after && (this.#begin[at] ?? 0) === end;
    if (joinsBefore && joinsAfter) {
      this.#end[at - 1] = this.#end[at] ?? 0;
      this.#begin.copyWithin(at, at + 1, this.#after);
      this.#end.copyWithin(at, at + 1, this.#after);
      this.#after--;
    } else if (joinsBefore) this.#end[at - 1] = end;
    else if (joinsAfter) this.#begin[at] = start;
    else this.#insert(start, end);
  }

  #insert(start: number, end: number): void {
    if (this.#after === this.#begin.length) this.#shift();
    const at = this.#gap;
    if (at < this.#after) {
      this.#begin.copyWithin(at + 1, at, this.#after);
      this.#end.copyWithin(at + 1, at, this.#after);
    }
    this.#begin[at] = start;
    this.#end[at] = end;
    this.#after++;
  }

  /** Makes room at the end: by moving to the front when half is over, else by growing. */
  #shift(): void {
    const count = this.#after - this.#first;
    const capacity = 2 * count > this.#begin.length ? 2 * this.#begin.length : this.#begin.length;
    const moved = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(capacity);
      array.set(old.subarray(this.#first, this.#after));
      return array;
    };
    this.#begin = moved(this.#begin);
    this.#end = moved(this.#end);
    this.#gap -= this.#first;
    this.#first = 0;
    this.#after = count;
  }
}
