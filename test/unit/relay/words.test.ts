import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanWords } from '../../../src/relay/words.js';

const KEY = 'key-of-the-page';

describe('what a server says, as a page may see it', () => {
  it.each([
    ['job gen_abc123 was moderated', 'gen_abc123', `job ${KEY} was moderated`],
    ['twice: gen_abc123, gen_abc123.', 'gen_abc123', `twice: ${KEY}, ${KEY}.`],
    ['a/b c is not there', 'a/b c', `${KEY} is not there`],
    ['a%2Fb%20c is not there', 'a/b c', `${KEY} is not there`],
    ['say "a\\"b"', 'a"b', `say "${KEY}"`],
    ['job 7 took 17 credits', '7', `job ${KEY} took 17 credits`],
    ['$& and $1 stay what they are', '$&', `${KEY} and $1 stay what they are`],
    ['GEN_ABC123 and Gen_Abc123', 'gen_abc123', `${KEY} and ${KEY}`],
    [
      'gen%5fabc123, gen\\u005fabc123, gen&#95;abc123, gen&#x5F;abc123',
      'gen_abc123',
      [KEY, KEY, KEY, KEY].join(', '),
    ],
    ['it is a%2fb', 'a%2Fb', `it is ${KEY}`],
    ['gen_\u200babc\u00ad123, \u202egen_abc\u2060123', 'gen_abc123', `${KEY}, ${KEY}`],
    ['job 🎬1 failed', '🎬1', `job ${KEY} failed`],
  ])('%j has the page’s id in place of the server’s', (words, jobId, told) => {
    expect(cleanWords(words, KEY, jobId)).toBe(told);
  });

  it.each([
    ['see https://api.example.com/v1/jobs?key=1 for more', 'see … for more'],
    ['wss://10.0.0.1:99/x failed', '… failed'],
    ['POST api.example.com/v1/videos failed', 'POST … failed'],
    ['connect to 10.0.0.17:8080 failed', 'connect to … failed'],
    ['localhost:3001 refused', '… refused'],
    ['video.\u200binternal:443 refused', '… refused'],
    ['data:video/mp4;base64,AAAA is too large', '… is too large'],
    ['connect ECONNREFUSED video.internal:443', 'connect ECONNREFUSED …'],
    ['getaddrinfo ENOTFOUND video.internal', 'getaddrinfo ENOTFOUND …'],
    ["HTTPSConnectionPool(host='video.internal', port=443)", 'HTTPSConnectionPool(host=… port=443)'],
    ['connect ECONNREFUSED ::1:3000', 'connect ECONNREFUSED …'],
    ['from [fe80::1]:3000 and 2001:db8:0:0:0:0:0:1', 'from … and …'],
    ['write to ops@example.com', 'write to …'],
    ['see https:\\/\\/api.example.com\\/v1', 'see …'],
    ['back to https%3A%2F%2Fapi.example.com%2Fv1', 'back to …'],
    ['see https://api.example.com/a%20b', 'see …'],
    ['see bücher.example/x', 'see …'],
    ['done at 12:30:45, 16:9, video.mp4, v3.1', 'done at 12:30:45, 16:9, video.mp4, v3.1'],
  ])('%j is without the place', (words, told) => {
    expect(cleanWords(words, KEY, 'gen_abc123')).toBe(told);
  });

  it.each([
    ['Incorrect API key provided: sk-proj-4f3a2b1c9d8e7f6a', 'Incorrect API key provided: …'],
    ['request 5f1c0a9e-1b2c-4d3e-8f90-a1b2c3d4e5f6 failed', 'request … failed'],
    ['Authorization: Bearer abc was refused', 'Authorization: Bearer … was refused'],
    ['?token=abc&X-Amz-Signature=def', '?token=…'],
    ['jwt eyJhbGciOi.eyJzdWIi.abc', 'jwt …'],
    ['key sk_live_abcdefghijklmnop', 'key …'],
    ['the token of the prompt is a keyword', 'the token of the prompt is a keyword'],
    ['a-hyphenated-word-without-any-digit is one', 'a-hyphenated-word-without-any-digit is one'],
    ['Your prompt was refused by moderation.', 'Your prompt was refused by moderation.'],
    ['3 of 7 steps, 42% (about 30 s left)', '3 of 7 steps, 42% (about 30 s left)'],
  ])('%j is without what looks like an id or a key', (words, told) => {
    expect(cleanWords(words, KEY, 'gen_abc123')).toBe(told);
  });

  it('keeps an own id that looks like a key, and no trick makes another text pass for it', () => {
    const key = '5f1c0a9e-1b2c-4d3e-8f90-a1b2c3d4e5f6';
    expect(cleanWords('job gen_abc123 failed \u0001', key, 'gen_abc123')).toBe(`job ${key} failed `);
  });

  it('is at most 501 characters, and never holds the server’s id, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('gen_abc123', 'GEN_ABC123', 'gen%5Fabc123', 'gen\\u005fabc123'),
            fc.webUrl(),
          ),
          { maxLength: 30 },
        ),
        (parts) => {
          const told = cleanWords(parts.join(''), 'own', 'gen_abc123');
          expect(told.length).toBeLessThanOrEqual(501);
          expect(told).not.toMatch(/gen(_|%5f|\\u005f)abc123/i);
          expect(told).not.toMatch(/https?:\/\//);
        },
      ),
    );
  });

  it('holds no part of an id that is where the reading ends', () => {
    for (let more = 1_960; more < 2_000; more++)
      expect(cleanWords(`https://${'a'.repeat(more)} gen_abc123`, KEY, 'gen_abc123')).not.toContain('gen_');
  });

  it('is found in no time for the longest text', () => {
    for (const part of [
      'a.',
      'a.b/',
      '1.',
      'a',
      'http:/',
      'x-',
      '=',
      'a:',
      '::',
      'a@',
      '%41',
      'key=',
      'eyJa.',
      'ü.',
    ]) {
      const startedAt = performance.now();
      cleanWords(part.repeat(1_000_000), KEY, 'gen_abc123');
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    }
  });
});
