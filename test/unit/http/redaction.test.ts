import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ApiError, VideoError } from '../../../src/errors.js';
import { Redaction } from '../../../src/http/redaction.js';

const secret = 'sk-/very?secret&"key"';
const redaction = new Redaction(new Set([secret]));

describe('a text', () => {
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  const each = (write: (code: number) => string) =>
    [...secret].map((char) => write(char.codePointAt(0) ?? 0)).join('');

  it.each([
    ['as it is', secret],
    ['in JSON', json(secret)],
    ['in JSON within JSON', json(json(secret))],
    ['in JSON within JSON within JSON', json(json(json(secret)))],
    ['as \\u0000 of each character', each((code) => `\\u${code.toString(16).padStart(4, '0')}`)],
    ['as \\U0000, in capitals', each((code) => `\\U${code.toString(16).padStart(4, '0').toUpperCase()}`)],
    ['as \\u{0} of each character', each((code) => `\\u{${code.toString(16)}}`)],
    ['as \\u{000000} of each character', each((code) => `\\u{${code.toString(16).padStart(6, '0')}}`)],
    ['as \\x00 of each character', each((code) => `\\x${code.toString(16).padStart(2, '0')}`)],
    ['as \\\\u0000, escaped again', each((code) => `\\\\u${code.toString(16).padStart(4, '0')}`)],
    ['in a URL', encodeURIComponent(secret)],
    ['in a URL within a URL', encodeURIComponent(encodeURIComponent(secret))],
    ['with each character percent-encoded', each((code) => `%${code.toString(16).padStart(2, '0')}`)],
    ['in a page', each((code) => `&#${code};`)],
    ['in a page, in hex', each((code) => `&#x${code.toString(16)};`)],
  ])('shows no secret that stands in it %s', (_, written) => {
    expect(redaction.redact(`before ${written} after`)).toBe('before [redacted] after');
  });

  it.each([
    ['another', 'sk-/vary?secret&"key"'],
    ['another in \\u', each((code) => `\\u${(code + 1).toString(16).padStart(4, '0')}`)],
    ['another in \\x', each((code) => `\\x${(code + 1).toString(16).padStart(2, '0')}`)],
    ['too few digits', each((code) => `\\u${code.toString(16)}`)],
    ['no hex at all', each(() => '\\uzzzz')],
    ['digits that stand later', each((code) => `\\ \\u${code.toString(16).padStart(4, '0')}`)],
  ])('stays as it is where it holds %s', (_, text) => {
    expect(redaction.redact(text)).toBe(text);
  });

  it('is not looked at for more escapes than JSON within JSON within JSON makes', () => {
    const [first = '', ...rest] = secret;
    const text = `${'\\'.repeat(40)}${first}${rest.join('')}`;
    expect(redaction.redact(text)).toBe(`${'\\'.repeat(32)}[redacted]`);
  });
});

it.each(['a%25b&amp;c%2525d', 'p%ss&w%rd&#38;1234', 'back\\slash\\u0041 and +', '100% & more "quotes" \\ %'])(
  'a secret that looks like an escape, %s, is found as it is and escaped',
  (own) => {
    const { redact } = { redact: (text: string) => new Redaction(new Set([own])).redact(text) };
    const page = own.replace(/[&"<>']/g, (char) => `&#${char.charCodeAt(0)};`);
    const named = own.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    for (const text of [own, encodeURIComponent(own), JSON.stringify(own).slice(1, -1), page, named])
      expect(redact(`before ${text} after`)).toBe('before [redacted] after');
  },
);

describe('an error of another maker', () => {
  class Foreign extends Error {
    override name = 'FetchError';
    constructor(message: string, fields: object = {}) {
      super(message);
      Object.assign(this, fields);
    }
  }
  const wrap = (cause: unknown) => new VideoError('network', 'it failed', { cause });
  const cleaned = (cause: unknown) => redaction.clean(wrap(cause)).cause;

  it('is the same object where it shows no secret', () => {
    const error = new Foreign('refused', {
      code: 'ECONNREFUSED',
      headers: new Headers({ a: 'b' }),
      none: null,
    });
    expect(cleaned(error)).toBe(error);
  });

  it('is replaced by one of its name, code and words where its words show one', () => {
    const error = new Foreign(`refused ${secret}`, { code: 'ECONNREFUSED', request: { secret } });
    const copy = cleaned(error) as Error & { code: unknown };
    expect(copy).not.toBe(error);
    expect(copy.message).toBe('refused [redacted]');
    expect(copy.name).toBe('FetchError');
    expect(copy.code).toBe('ECONNREFUSED');
    expect(copy.stack).toContain('[redacted]');
    expect(copy.stack).not.toContain('very?');
    expect(copy).not.toHaveProperty('request');
  });

  it.each([
    ['a field', { config: { auth: secret } }],
    ['a list', { sent: ['a', [secret]] }],
    ['headers', { headers: new Headers({ authorization: secret }) }],
    ['a map', { headers: new Map([['authorization', secret]]) }],
    ['a set', { seen: new Set([secret]) }],
    ['a query', { query: new URLSearchParams({ key: secret }) }],
    ['a request', { request: new Request('http://x/', { headers: { authorization: secret } }) }],
    ['a field without a name', { [Symbol('state')]: { secret } }],
    ['what is six deep', { a: { b: { c: { d: { e: secret } } } } }],
  ])('is replaced where %s of it shows one', (_, fields) => {
    const error = new Foreign('refused', fields);
    expect(cleaned(error)).not.toBe(error);
    expect(cleaned(error)).toMatchObject({ message: 'refused', name: 'FetchError' });
  });

  it('is not looked into deeper than a console shows, nor through what computes a value', () => {
    const deep = new Foreign('refused', { a: { b: { c: { d: { e: { f: { g: { h: secret } } } } } } } });
    expect(cleaned(deep)).toBe(deep);
    const asked: string[] = [];
    const lazy = Object.defineProperty(new Foreign('refused'), 'token', {
      get() {
        asked.push('token');
        return secret;
      },
      enumerable: true,
    });
    expect(cleaned(lazy)).toBe(lazy);
    expect(asked).toEqual([]);
  });

  it('that has itself in it, or as its cause, ends', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const error = new Foreign('refused', { circle });
    expect(cleaned(error)).toBe(error);
    const own = new Foreign(`refused ${secret}`);
    own.cause = own;
    expect(String((cleaned(own) as Error).message)).toBe('refused [redacted]');
  });

  it('whose parts all know each other is looked at part by part, not path by path', () => {
    const parts = Array.from({ length: 40 }, () => ({}));
    for (const part of parts) Object.assign(part, parts);
    const error = new Foreign('refused', { parts });
    const startedAt = performance.now();
    expect(cleaned(error)).toBe(error);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    Object.assign(parts[39] ?? {}, { secret });
    expect(cleaned(error)).not.toBe(error);
  });

  it('keeps its own cause, cleaned as well', () => {
    const inner = new Foreign(`socket ${secret}`);
    const copy = cleaned(new Foreign(`refused ${secret}`, { cause: inner })) as Error;
    expect(copy.cause).toMatchObject({ message: 'socket [redacted]' });
    const plain = new Foreign('socket');
    expect((cleaned(new Foreign(`refused ${secret}`, { cause: plain })) as Error).cause).toBe(plain);
  });

  it('is left out as a cause where it is no error and shows one', () => {
    expect(cleaned({ token: secret })).toBeUndefined();
    expect(cleaned(secret)).toBeUndefined();
    const harmless = { a: 1 };
    expect(cleaned(harmless)).toBe(harmless);
  });
});

describe('an error of ours', () => {
  it('stays the same object, its words, fields and names cleaned, what names it left alone', () => {
    const error = Object.assign(
      new ApiError(`answered ${secret}`, { status: 400, jobId: secret, hint: secret }),
      {
        raw: { [secret]: 1, list: ['a', secret], deep: { same: 'b' } },
      },
    );
    const { deep } = error.raw;
    const clean = redaction.clean(error);
    expect(clean).toBe(error);
    expect(clean).toMatchObject({ message: 'answered [redacted]', hint: '[redacted]', jobId: secret });
    expect(clean.raw).toEqual({ '[redacted]': 1, list: ['a', '[redacted]'], deep: { same: 'b' } });
    expect(clean.raw.deep).toBe(deep);
  });

  it('is cut where it is long, before a secret is looked for in it, and shows no half of one', () => {
    const known = new Redaction(Array.from({ length: 50 }, (_, index) => `token-${index}-of-fifty`));
    const long = '\\\\'.repeat(500_000);
    const list = long.match(/.{1,50}/g) ?? [];
    const error = Object.assign(new ApiError('no', { status: 400, details: { long, list } }), { long });
    const startedAt = performance.now();
    const { details } = known.clean(error) as unknown as { details: { long: string; list: string[] } };
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(details.list.join('').length).toBeLessThan(50_000);
    expect(details.long.length).toBeLessThan(10_000);
    expect(known.redact(`${'x'.repeat(8_990)}token-49-of-fifty`)).toMatch(/x\[redacted\]…$/);
  });

  it('as the cause of one is cleaned in its place', () => {
    const inner = new VideoError('network', `refused ${secret}`, {});
    const outer = new VideoError('network', 'it failed', { cause: inner });
    expect(redaction.clean(outer).cause).toBe(inner);
    expect(inner.message).toBe('refused [redacted]');
  });

  it('with a circle of causes ends', () => {
    const error = new VideoError('network', `refused ${secret}`, {});
    error.cause = error;
    expect(redaction.clean(error).message).toBe('refused [redacted]');
  });
});

it('without a secret nothing is changed', () => {
  const none = new Redaction(new Set());
  expect(none.redact(secret)).toBe(secret);
  const error = new Error(secret);
  expect(none.clean(error)).toBe(error);
});

describe('tokens of which each call has its own', () => {
  it('are known while so many calls are under way at once', () => {
    const redaction = new Redaction();
    const tokens = Array.from({ length: 150 }, (_, call) => `token-of-call-${call}-${'x'.repeat(30)}`);
    for (const token of tokens) redaction.remember([token], { authorization: `Bearer ${token}` });
    for (const token of tokens) {
      expect(redaction.redact(`no such user: Bearer ${token}.`)).toBe('no such user: [redacted].');
      expect(redaction.redact(`cut: ${token.slice(0, 20)}…`)).toBe('cut: [redacted]…');
    }
  });

  it('that begin alike cost little more than one, and the longest that stands there is taken out', () => {
    const beginning = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.'.repeat(8);
    const ends = ['one', 'one-more', 'other', 'one\u{1f600}', 'one/2'];
    const redaction = new Redaction(ends.map((end) => beginning + end));
    for (const end of ends) {
      expect(redaction.redact(`${beginning}${end} `)).toBe('[redacted] ');
      expect(redaction.redact(encodeURIComponent(`${beginning}${end} `))).toBe('[redacted]%20');
    }
    expect(redaction.redact(`${beginning}none of them, as it is`)).toContain('none of them');
  });
});

it.each(['Headers', 'Request', 'Response', 'URLSearchParams'])(
  'an error is redacted where the runtime has no %s, as jsdom',
  (name) => {
    vi.stubGlobal(name, undefined);
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const error = Object.assign(new Error('failed'), { sent: { token: secret } });
    expect(JSON.stringify(redaction.clean(error))).not.toContain(secret);
    expect(redaction.clean(new Error('fetch failed'))).toMatchObject({ message: 'fetch failed' });
  },
);

it.each([
  ['a map', runInNewContext('new Map([["a", secret]])', { secret })],
  ['a set', runInNewContext('new Set([secret])', { secret })],
  ['headers', new Headers({ authorization: `Bearer ${encodeURIComponent(secret)}` })],
  ['a request', new Request('http://localhost/', { headers: { 'x-key': encodeURIComponent(secret) } })],
])('a secret in %s of another realm shows in no error', (_, held) => {
  vi.stubGlobal('Headers', class {});
  vi.stubGlobal('Request', class {});
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const error = Object.assign(new Error('failed'), { held });
  expect(redaction.clean(error)).not.toBe(error);
});
