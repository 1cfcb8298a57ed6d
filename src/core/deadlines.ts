/** The longest delay of a timer, in milliseconds: a longer one overflows, and fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** @internal What can wait in the queue. The two fields are the queue's own. */
export interface Deadline {
  /** When, in milliseconds. */
  dueAt: number;
  /** Place in the heap, -1 where it is not in it. */
  place: number;
}

/**
 * A binary heap that knows where each member is: ten thousand jobs share one timer, and each is in here at most
 * once however often its deadline moves.
 */
export class Deadlines<T extends Deadline> {
  readonly #heap: T[] = [];

  /** The first to be due. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  set(member: T, dueAt: number): void {
    member.dueAt = dueAt;
    if (member.place < 0) {
      member.place = this.#heap.length;
      this.#heap.push(member);
    }
    this.#rise(member);
    this.#sink(member);
  }

  delete(member: T): void {
    if (member.place < 0) return;
    const last = this.#heap.pop();
    if (last !== undefined && last !== member) {
      this.#put(last, member.place);
      this.#rise(last);
      this.#sink(last);
    }
    member.place = -1;
  }

  #put(member: T, place: number): void {
    this.#heap[place] = member;
    member.place = place;
  }

  #rise(member: T): void {
    for (;;) {
      const place = member.place;
      const parent = this.#heap[(place - 1) >> 1];
      if (place === 0 || parent === undefined || parent.dueAt <= member.dueAt) return;
      this.#put(member, parent.place);
      this.#put(parent, place);
    }
  }

  #sink(member: T): void {
    for (;;) {
      const place = member.place;
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child = right !== undefined && left !== undefined && right.dueAt < left.dueAt ? right : left;
      if (child === undefined || child.dueAt >= member.dueAt) return;
      this.#put(member, child.place);
      this.#put(child, place);
    }
  }
}
