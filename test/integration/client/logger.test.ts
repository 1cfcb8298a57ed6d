import { afterEach, describe, expect, it, vi } from 'vitest';
import { VideoClient } from '../../../src/client/client.js';
import type { VideoClientOptions } from '../../../src/client/options.js';
import type { Logger } from '../../../src/core/settings.js';
import { listen } from '../../support/listen.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) await end();
});

/** Says an odd word, then the end. No streams here. */
async function start(word = 'no-such-word') {
  let asked = 0;
  const { url } = await listen((request, response) => {
    if (!request.url?.startsWith('/api/videos/status/')) {
      response.statusCode = 404;
      response.end();
      return;
    }
    asked += 1;
    response.setHeader('content-type', 'application/json');
    response.setHeader('x-request-id', `request-${asked}`);
    response.end(JSON.stringify({ jobId: 'j', status: asked < 3 ? word : 'completed' }));
  });
  return url;
}

function spyOnConsole() {
  const written: string[] = [];
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void written.push(`${level} ${line}`));
  }
  return written;
}

type Given = NonNullable<VideoClientOptions<never>['logger']>;

async function follow(baseUrl: string, logger?: Given) {
  const auth = { type: 'bearer', token: 'a-secret-of-the-caller' } as const;
  const client = new VideoClient({
    baseUrl,
    auth,
    polling: { intervalMs: 20 },
    headers: { 'x-key': 'another-secret-of-the-caller' },
    webSocketUrl: '/?ticket=a-secret-ticket',
    ...(logger !== undefined && { logger }),
  });
  ends.push(() => client.close());
  return client.subscribe('j').completed();
}

describe('the logger', () => {
  it('writes warnings to the console where none is given, and nothing less', async () => {
    const written = spyOnConsole();
    await follow(await start());
    expect(written.length).toBeGreaterThan(0);
    for (const line of written) expect(line).toMatch(/^(warn|error) .*job "?j\b/);
  });

  it("says nothing as 'silent'", async () => {
    const written = spyOnConsole();
    await follow(await start(), 'silent');
    expect(written).toEqual([]);
  });

  it("tells as 'info' which stream failed for which jobs, but no call", async () => {
    const written = spyOnConsole();
    await follow(await start(), 'info');
    expect(written.filter((line) => line.startsWith('info'))).toContain('info SSE answered 404; job "j"');
    expect(written.filter((line) => line.startsWith('debug'))).toEqual([]);
  });

  it("tells as 'debug' each call and each change of transport, with its job and without a secret", async () => {
    const written = spyOnConsole();
    const baseUrl = await start();
    await follow(baseUrl, 'debug');
    const call = `debug job "j": GET ${baseUrl}/api/videos/status/j answered 200, request id request-1 \\(\\d+ ms\\)`;
    expect(written).toContainEqual(expect.stringMatching(new RegExp(`^${call}$`)));
    expect(written).toContainEqual(
      // Which of the streams has failed by then is not for a test to say.
      expect.stringMatching(/^debug job "j": nothing → polling: \S/),
    );
    expect(written.join('\n')).not.toMatch(/secret/);
  });

  it('writes no control character of the server as one', async () => {
    const written = spyOnConsole();
    await follow(await start('\u001b]0;title\u0007\r\nok\u202e'), 'debug');
    for (const line of written) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it.each([
    ['throws', () => { throw new Error('mine'); }], // biome-ignore format: short
    ['rejects', () => Promise.reject(new Error('mine'))],
    ['never answers', () => new Promise(() => {})],
  ])('that %s harms nothing', async (_, act) => {
    const called = vi.fn(act);
    const logger: Logger = { debug: called, info: called, warn: called, error: called };
    expect((await follow(await start(), logger)).status).toBe('completed');
    expect(called).toHaveBeenCalled();
  });

  it('is refused where it is neither a level nor an object with the four methods', () => {
    const baseUrl = 'http://localhost';
    for (const logger of ['verbose', console.log, {}, null, { ...console, debug: undefined }, 7]) {
      expect(() => new VideoClient({ baseUrl, logger: logger as never })).toThrow(
        /^logger (is|has no method)/,
      );
    }
  });
});
