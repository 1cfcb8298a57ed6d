import { describe, expect, it } from 'vitest';
import { neverConnected } from '../../../src/http/node-fetch.js';
import { networkError } from '../../../src/http/words.js';

const failed = (fields: object) => Object.assign(new Error('x'), fields);
const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause });
const context = { call: 'POST https://host.test/x' };

describe('neverConnected', () => {
  it.each([
    ['a refusal', fetchFailed(failed({ code: 'ECONNREFUSED' }))],
    ['an unknown host', fetchFailed(failed({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }))],
    [
      'a name that a resolver of its own has not',
      fetchFailed(failed({ code: 'ENOTFOUND', syscall: 'queryA' })),
    ],
    ['a resolver in trouble', fetchFailed(failed({ code: 'EAI_AGAIN' }))],
    ['no route', fetchFailed(failed({ code: 'EHOSTUNREACH', syscall: 'connect' }))],
    ['a connect that took too long', fetchFailed(failed({ code: 'UND_ERR_CONNECT_TIMEOUT' }))],
    [
      'a connect that took too long for the system',
      fetchFailed(failed({ code: 'ETIMEDOUT', syscall: 'connect' })),
    ],
    ['a certificate refused', fetchFailed(failed({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))],
    ['another host in the certificate', fetchFailed(failed({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }))],
    ['a port that fetch refuses', fetchFailed(new Error('bad port'))],
    ['a refusal in Bun', failed({ code: 'ConnectionRefused' })],
    [
      'a refusal by each address',
      fetchFailed(new AggregateError([failed({ code: 'ECONNREFUSED' }), failed({ code: 'ENETUNREACH' })])),
    ],
  ])('is proven by %s', (_what, error) => {
    expect(neverConnected(error)).toBe(true);
  });

  it.each([
    ['a reset', fetchFailed(failed({ code: 'ECONNRESET' }))],
    ['a reset while connecting', fetchFailed(failed({ code: 'ECONNRESET', syscall: 'connect' }))],
    ['a connection closed by the other side', fetchFailed(failed({ code: 'UND_ERR_SOCKET' }))],
    ['a read that took too long', fetchFailed(failed({ code: 'ETIMEDOUT', syscall: 'read' }))],
    ['no headers in time', fetchFailed(failed({ code: 'UND_ERR_HEADERS_TIMEOUT' }))],
    ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'ECONNREFUSED'].flatMap(
      (code): [string, unknown][] => [
        [`${code} of a read from an open connection`, fetchFailed(failed({ code, syscall: 'read' }))],
        [`${code} of a write to an open connection`, fetchFailed(failed({ code, syscall: 'write' }))],
      ],
    ),
    ['no route, where nobody says to whom', failed({ code: 'EHOSTUNREACH' })],
    ['a broken pipe', fetchFailed(failed({ code: 'EPIPE', syscall: 'write' }))],
    ['the error of a browser', new TypeError('Failed to fetch')],
    ['words that only sound so', new TypeError('ECONNREFUSED')],
    [
      'one address of several',
      fetchFailed(new AggregateError([failed({ code: 'ECONNREFUSED' }), failed({ code: 'ECONNRESET' })])),
    ],
    ['no address at all', fetchFailed(new AggregateError([]))],
    ['nothing', undefined],
  ])('is not proven by %s', (_what, error) => {
    expect(neverConnected(error)).toBe(false);
  });

  it('does not follow causes for ever', () => {
    const error: { cause?: unknown } = {};
    error.cause = error;
    expect(neverConnected(error)).toBe(false);
    expect(() => networkError(error, context)).not.toThrow();
  });
});

describe('networkError', () => {
  it('says the code nearest to the root, and what to do', () => {
    const error = networkError(
      fetchFailed(new AggregateError([failed({ code: 'ENOTFOUND' })], 'all failed')),
      context,
    );
    expect(error.message).toBe('POST https://host.test/x failed: ENOTFOUND');
    expect(error.hint).toContain('host name');
  });

  it('names CORS to a browser, which is told nothing', () => {
    expect(networkError(new TypeError('Failed to fetch'), context).hint).toContain('CORS');
  });

  it('hides a query that the runtime quotes, in its cause too', () => {
    const error = networkError(
      new TypeError('error sending request for url (https://host.test/x?sig=s3cret): refused'),
      context,
    );
    expect(`${error.message} ${error.cause}`).not.toContain('s3cret');
    expect(error.message).toContain('https://host.test/x?…');
  });
});
