import { describe, expect, it } from 'vitest';
import { isOwnOrigin } from '../../../src/relay/origin.js';

const asked = (headers: Record<string, string>) => ({
  url: 'http://10.0.0.1/videos',
  headers: new Headers(headers),
});

describe('a request is let in', () => {
  it.each([
    ['from the host that is asked', { origin: 'https://app.example.com', host: 'app.example.com' }],
    [
      'whatever the scheme, since TLS ends before us',
      { origin: 'http://app.example.com', host: 'app.example.com' },
    ],
    ['with its port', { origin: 'http://localhost:3000', host: 'localhost:3000' }],
    ['with the port of the scheme', { origin: 'https://app.example.com', host: 'app.example.com:443' }],
    ['in whichever case', { origin: 'https://app.example.com', host: 'APP.example.com' }],
    ['from nowhere, which is no page', { host: 'app.example.com' }],
    ['by the host of the URL where there is no header', { origin: 'http://10.0.0.1' }],
  ])('%s', (_, headers) => {
    expect(isOwnOrigin(asked(headers), undefined)).toBe(true);
  });

  it.each([
    ['another host', { origin: 'https://evil.example', host: 'app.example.com' }],
    ['a host that ends alike', { origin: 'https://evil-app.example.com', host: 'app.example.com' }],
    ['a host below', { origin: 'https://x.app.example.com', host: 'app.example.com' }],
    ['another port', { origin: 'http://localhost:3001', host: 'localhost:3000' }],
    ['a frame that is shut in', { origin: 'null', host: 'app.example.com' }],
    ['a file', { origin: 'file://', host: 'app.example.com' }],
    ['what is no origin', { origin: 'app.example.com', host: 'app.example.com' }],
    ['nothing at all', { origin: '', host: 'app.example.com' }],
    ['a host that is none', { origin: 'https://a', host: 'a b' }],
  ])('not from %s', (_, headers) => {
    expect(isOwnOrigin(asked(headers), undefined)).toBe(false);
  });

  it('from those that are allowed, and no longer from the host', () => {
    const allowed = new Set(['https://app.example.com']);
    const from = (origin: string) => isOwnOrigin(asked({ origin, host: 'internal:3000' }), allowed);
    expect(from('https://app.example.com')).toBe(true);
    expect(from('http://app.example.com')).toBe(false);
    expect(from('http://internal:3000')).toBe(false);
  });
});
