import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/core/json.js';

describe('JSON of strangers', () => {
  it('keeps the digits of a number beyond 2^53, wherever it stands', () => {
    expect(
      parseJson('{"jobId":1234567890123456789,"a":[{"task_id":-9007199254740993}],"n":18446744073709551615}'),
    ).toEqual({
      jobId: '1234567890123456789',
      a: [{ task_id: '-9007199254740993' }],
      n: '18446744073709551615',
    });
  });

  it('keeps a number that is beyond 2^53 by its exponent or beside a fraction as it was written', () => {
    expect(parseJson('[1e21, 1E+300, 1e400, 12345678901234567890.50]')).toEqual([
      '1e21',
      '1E+300',
      '1e400',
      '12345678901234567890.50',
    ]);
  });

  it.each(['1e21', '1E300', '1e+400', '2E+22'])('keeps %s alone as it was written', (number) => {
    expect(parseJson(`{"id":${number}}`)).toEqual({ id: number });
  });

  it('leaves every number that is exact a number, among them 2^53 - 1, decimals and small exponents', () => {
    expect(
      parseJson('[9007199254740991, -9007199254740991, 0.1234567890123456789, 1e3, 1e-9, 50.0]'),
    ).toEqual([9007199254740991, -9007199254740991, 0.12345678901234568, 1000, 1e-9, 50]);
  });

  it('changes no digits within strings and names, whatever quotes and backslashes they hold', () => {
    const value = {
      '1234567890123456789': 'a 1234567890123456789 "1234567890123456789" \\',
      next: '\\"1234567890123456789\\\\',
      empty: '',
      id: 7,
    };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
    expect(parseJson(`{"a":"\\\\","id":1234567890123456789}`)).toEqual({
      a: '\\',
      id: '1234567890123456789',
    });
  });

  it('cuts what is nested deeper than a hundred levels, so that it can be stringified, and keeps all else', () => {
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    const value = parseJson(
      `{"id":"j","x":${deep},"y":${'{"x":'.repeat(9_000)}1${'}'.repeat(9_000)},"status":"done"}`,
    );
    expect(value).toMatchObject({ id: 'j', status: 'done' });
    expect(JSON.stringify(value).length).toBeLessThan(2_000);
    expect(JSON.stringify(value)).toContain('["…"]');
  });

  it('makes no prototype of a name that looks like one', () => {
    const text = `{"__proto__":{"a":${'['.repeat(3_000)}${']'.repeat(3_000)}},"id":1234567890123456789}`;
    expect(Object.getPrototypeOf(parseJson(text))).toBe(Object.prototype);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it('throws a SyntaxError for what is no JSON', () => {
    for (const text of ['', '{"a":12345678901234567', '"1234567890123456789', '01e5']) {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    }
  });
});
