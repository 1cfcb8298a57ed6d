/** A set, mostly of one: ten thousand sockets watch a job each, and a `Set` takes 200 bytes more. */
export class Few<Member extends string | object> {
  #one: Member | undefined;
  #more: Set<Member> | undefined;

  get size(): number {
    return this.#more?.size ?? Number(this.#one !== undefined);
  }

  has(member: Member): boolean {
    return this.#more?.has(member) ?? this.#one === member;
  }

  add(member: Member): void {
    if (this.#more === undefined && (this.#one === undefined || this.#one === member)) {
      this.#one = member;
      return;
    }
    this.#more ??= new Set([this.#one as Member]);
    this.#more.add(member);
    this.#one = undefined;
  }

  /** False where it was not there. */
  delete(member: Member): boolean {
    if (this.#more !== undefined) return this.#more.delete(member);
    const isThere = this.#one === member;
    if (isThere) this.#one = undefined;
    return isThere;
  }

  clear(): void {
    this.#one = undefined;
    this.#more = undefined;
  }

  [Symbol.iterator](): Iterator<Member> {
    return (this.#more ?? (this.#one === undefined ? [] : [this.#one]))[Symbol.iterator]();
  }
}
