import { expect, it } from 'vitest';
import { bounded, redactQueries, redactUrl, wordsOf } from '../../../src/core/text.js';

it('a text that is too long is cut, and says so', () => {
  expect(bounded('x'.repeat(500))).toBe('x'.repeat(500));
  expect(bounded('x'.repeat(501))).toBe(`${'x'.repeat(500)}…`);
  expect(bounded('abc', 2)).toBe('ab…');
});

it('whatever was thrown has words', () => {
  expect(wordsOf(new Error('it failed'))).toBe('Error: it failed');
  expect(wordsOf(undefined)).toBe('undefined');
  expect(wordsOf(Object.create(null))).toBe('what cannot be shown');
});

it('a URL is shown without its query, user and password, and cut where it is long', () => {
  expect(redactUrl(new URL('https://user:secret@host/a/b?sig=x#part'))).toBe('https://host/a/b?…');
  expect(redactUrl(new URL('https://host/a'))).toBe('https://host/a');
  expect(redactUrl(new URL(`https://host/${'a'.repeat(600)}`))).toHaveLength(501);
});

it('the queries of URLs within a text are left out, and nothing else', () => {
  expect(redactQueries('GET "HTTPS://host/a?sig=x" and (http://b/?c=d) failed? no')).toBe(
    'GET "HTTPS://host/a?…" and (http://b/?… failed? no',
  );
  expect(redactQueries('what?http://host/a')).toBe('what?http://host/a');
});
