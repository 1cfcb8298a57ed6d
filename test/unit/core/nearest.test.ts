import { expect, it } from 'vitest';
import { didYouMean, nearestName } from '../../../src/core/nearest.js';

const NAMES = ['baseUrl', 'webSocketUrl', 'timeouts', 'retry', 'walletAddress', 'script'];

it.each([
  ['baseURL', 'baseUrl'],
  ['timeout', 'timeouts'],
  ['websocketurl', 'webSocketUrl'],
  ['wallet', 'walletAddress'],
  ['scirpt', 'script'],
  ['retrys', 'retry'],
  ['tiemouts', 'timeouts'],
])('takes %s for %s', (wrong, right) => {
  expect(nearestName(wrong, NAMES)).toBe(right);
});

it.each(['', 'x', 'polygon', 'w'.repeat(100_000)])('takes what is near none for nothing', (wrong) => {
  expect(nearestName(wrong, NAMES)).toBeUndefined();
});

it('a hint names the nearest, else all of them', () => {
  expect(didYouMean('scripts', NAMES)).toBe('Did you mean "script"?');
  expect(didYouMean('polygon', ['a', 'b'])).toBe('Choose from a, b.');
  expect(didYouMean('x', ['a', 'b'])).toBe('Choose from a, b.');
});
