import { expect, it } from 'vitest';
import { type Link, unlink } from '../../../src/core/chain.js';

interface Member extends Link<Member> {
  readonly name: string;
}

function chainOf(...names: string[]): Member[] {
  const members: Member[] = names.map((name) => ({ name, next: undefined, hasLeft: false }));
  for (const [index, member] of members.entries()) member.next = members[index + 1];
  return members;
}

function namesFrom(first: Member | undefined): string[] {
  const names: string[] = [];
  for (let one = first; one !== undefined; one = one.next) names.push(one.name);
  return names;
}

it.each([
  ['the first', 0, ['b', 'c']],
  ['one in the middle', 1, ['a', 'c']],
  ['the last', 2, ['a', 'b']],
] as const)('without %s, the others stay in their order', (_, index, left) => {
  const members = chainOf('a', 'b', 'c');
  const gone = members[index] as Member;
  expect(namesFrom(unlink(members[0], gone))).toEqual(left);
});

it('who has left still leads whoever stands at it to the rest', () => {
  const [a, b, c] = chainOf('a', 'b', 'c') as [Member, Member, Member];
  const first = unlink(unlink(a, a), b);
  expect(first).toBe(c);
  expect(namesFrom(a)).toContain('c');
});

it('one that is not in it changes nothing', () => {
  const [a] = chainOf('a', 'b') as [Member];
  const [stranger] = chainOf('x') as [Member];
  expect(namesFrom(unlink(a, stranger))).toEqual(['a', 'b']);
});
