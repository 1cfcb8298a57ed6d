import { describe, expect, it } from 'vitest';
import { isSocketPath, routeOf } from '../../../src/relay/routes.js';

describe('a request leads', () => {
  it.each([
    ['POST', '/videos/api/generate', { name: 'generate' }],
    ['GET', '/videos/api/videos/status/a%20b', { name: 'status', jobId: 'a b' }],
    ['GET', '/videos/api/status', { name: 'status' }],
    ['GET', '/videos/api/jobs/events', { name: 'events' }],
    ['GET', '/videos/api/download', { name: 'download' }],
    ['GET', '/videos/api/jobs', { name: 'list' }],
    ['DELETE', '/videos/api/jobs/a', { name: 'forget', jobId: 'a' }],
    ['POST', '/videos/webhook', { name: 'webhook' }],
  ])('%s %s to its route', (method, path, route) => {
    expect(routeOf('/videos', method, path)).toEqual(route);
  });

  it.each([
    ['GET', '/videos/api/generate', 'POST'],
    ['DELETE', '/videos/api/jobs', 'GET'],
    ['POST', '/videos/api/jobs/events', 'GET'],
    ['GET', '/videos/api/jobs/a', 'DELETE'],
    ['HEAD', '/videos/api/download', 'GET'],
  ])('%s %s to what is there for %s', (method, path, allow) => {
    expect(routeOf('/videos', method, path)).toEqual({ name: 'other-method', allow });
  });

  it.each([
    '/',
    '/videos',
    '/videos/',
    '/videosx/api/generate',
    '/api/generate',
    '/videos/api/generate/',
    '/videos/api/videos/status/',
    '/videos/api/videos/status/a/b',
    '/videos/api/videos/status/%ZZ',
    '/videos/API/generate',
  ])('at %s nowhere', (path) => {
    for (const method of ['GET', 'POST', 'DELETE'])
      expect(routeOf('/videos', method, path)).toEqual({ name: 'nowhere' });
  });

  it('below the root, too', () => {
    expect(routeOf('', 'POST', '/api/generate')).toEqual({ name: 'generate' });
    expect(isSocketPath('', '/')).toBe(true);
  });

  it('to the WebSocket at the base alone, with a slash or without', () => {
    const paths = ['/videos', '/videos/', '/videos/api', '/videosx', '/', ''];
    expect(paths.filter((path) => isSocketPath('/videos', path))).toEqual(['/videos', '/videos/']);
  });
});
