import { describe, expect, it } from 'vitest';
import { parseErrorBody } from '../../../src/core/error-body.js';

describe('the words of an error body', () => {
  it.each([
    ['text', 'no credits', { message: 'no credits' }],
    ['nothing', undefined, {}],
    ['null', null, {}],
    ['a list', [1], { details: [1] }],
    ['an empty object', {}, {}],
  ])('of %s', (_, body, expected) => {
    expect(parseErrorBody(body)).toEqual(expected);
  });

  it.each([
    [{ error: 'Out of credits', message: '10 are needed' }, 'Out of credits: 10 are needed'],
    [{ error: 'Out of credits.', message: '10 are needed.' }, 'Out of credits. 10 are needed.'],
    [{ error: 'Out of credits! ', message: 'Sorry' }, 'Out of credits!  Sorry'],
    [{ error: 'v1.2 is gone', message: 'Use v2' }, 'v1.2 is gone: Use v2'],
    [{ error: 'same', message: 'same' }, 'same'],
    [{ error: ' ', message: 'words' }, 'words'],
    [{ detail: 'Not found' }, 'Not found'],
    [{ error: { message: 'deep', code: 'E7', hint: 'Look.' } }, 'deep'],
  ])('of %j are %j', (body, message) => {
    expect(parseErrorBody(body).message).toBe(message);
  });

  it('of what is wrong where are one for each, by its place', () => {
    const detail = [
      { loc: ['body', 'prompt'], msg: 'Field required', type: 'missing' },
      { msg: 'too many' },
      { loc: ['body', 'scenes', 0], msg: 'bad' },
      { loc: 'body', msg: 'odd' },
      { loc: ['body'] },
      { msg: 7 },
      'a text',
      null,
    ];
    expect(parseErrorBody({ detail })).toEqual({
      message: 'body.prompt: Field required; too many; body.scenes.0: bad; odd',
      code: 'missing',
      details: { detail },
    });
  });

  it('has the type of the error for a code, where there is no code', () => {
    const codeOf = (body: unknown) => parseErrorBody(body).code;
    expect(codeOf({ detail: 'x', error_type: 'request_timeout' })).toBe('request_timeout');
    expect(codeOf({ code: 'own', error_type: 'other' })).toBe('own');
    expect(codeOf({ detail: [{ msg: 'x', type: {} }], error_type: null })).toBeUndefined();
  });

  it('of many, and of deep ones, are no more than twenty', () => {
    const loc = Array.from({ length: 50 }, (_, index) => index);
    const detail = Array.from({ length: 50 }, () => ({ loc, msg: 'x' }));
    const words = parseErrorBody({ detail }).message?.split('; ') ?? [];
    expect(words).toHaveLength(20);
    expect(words[0]).toBe(`${loc.slice(0, 20).join('.')}: x`);
  });

  it('of problems without words are none', () => {
    expect(parseErrorBody({ detail: [{}, 1] })).toEqual({ details: { detail: [{}, 1] } });
  });

  it('keep a code as text, whether it is one or a number, and the hint', () => {
    expect(parseErrorBody({ code: 1102, hint: 'Pay.' })).toEqual({ code: '1102', hint: 'Pay.' });
    expect(parseErrorBody({ code: 'E7', hint: 1 })).toEqual({ code: 'E7' });
    expect(parseErrorBody({ error: { code: 'inner', hint: 'Inner.' }, code: true })).toMatchObject({
      code: 'inner',
      hint: 'Inner.',
    });
  });

  it('keep what should be words, and is none, as details', () => {
    expect(parseErrorBody({ error: ['no'], message: { en: 'no' } }).details).toEqual({
      ...{ error: ['no'], message: { en: 'no' } },
    });
    expect(parseErrorBody({ error: { message: { en: 'no' }, type: 'a' } }).details).toEqual({
      ...{ message: { en: 'no' }, type: 'a' },
    });
  });

  it('keep all else as details, of the inner one too, and nothing that is null', () => {
    expect(
      parseErrorBody({ error: { message: 'm', param: 'seconds', none: null }, id: 7, no: null }),
    ).toEqual({
      message: 'm',
      details: { id: 7, param: 'seconds' },
    });
  });
});
