/**
 * A list of those who are told something, linked through its members: with ten thousand lists of one, an array
 * for each would be most of it. Who leaves keeps its `next`, so that the list can change while it is told; whoever
 * walks it passes over those that have left. Who comes is put in front, and is not told what is being told.
 */
export interface Link<T> {
  next: T | undefined;
  hasLeft: boolean;
}

/** Returns the new first one. */
export function unlink<T extends Link<T>>(first: T | undefined, member: T): T | undefined {
  if (first === member) return member.next;
  for (let one = first; one !== undefined; one = one.next) {
    if (one.next === member) one.next = member.next;
  }
  return first;
}
