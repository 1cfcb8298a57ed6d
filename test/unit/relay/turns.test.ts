import { expect, it } from 'vitest';
import { othersTurn, Turns } from '../../../src/relay/turns.js';

it('what is asked for alone begins at once', () => {
  const begun: number[] = [];
  new Turns().begin(() => begun.push(0));
  expect(begun).toEqual([0]);
});

it('what thousands ask for at once begins in order, some in each turn of the event loop, whether or not others end', async () => {
  const turns = new Turns();
  const begun: number[] = [];
  for (let index = 0; index < 1_000; index++) turns.begin(() => begun.push(index));
  const sizes = [begun.length];
  while (begun.length < 1_000) {
    await othersTurn();
    sizes.push(begun.length);
  }
  expect(begun).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  expect(sizes[0]).toBe(64);
  expect(sizes.length).toBeGreaterThan(10);
});

it('what comes while others wait comes after them', async () => {
  const turns = new Turns();
  const begun: number[] = [];
  const begin = (index: number) =>
    turns.begin(() => {
      begun.push(index);
      if (index === 0) begin(200);
      if (index === 100) begin(201);
    });
  for (let index = 0; index < 150; index++) begin(index);
  while (begun.length < 152) await othersTurn();
  expect(begun.toSorted((a, b) => a - b)).toEqual([...Array(150).keys(), 200, 201]);
  expect(begun.indexOf(201)).toBeGreaterThan(begun.indexOf(149));
});
