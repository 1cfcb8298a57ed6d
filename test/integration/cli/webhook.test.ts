import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createWebhookHandler, signWebhook } from '../../../src/webhooks/index.js';
import { toNodeHandler } from '../../../src/webhooks/node.js';
import { listen } from '../../support/listen.js';
import { jsonLines, run } from './support.js';

const SECRET = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiBhIHRlc3Q=';
const env = { REELWIRE_WEBHOOK_SECRET: SECRET };

/** A receiver as an application has one, and what it acted on. */
async function receiver(secret = SECRET): Promise<{ url: string; acted: string[] }> {
  const acted: string[] = [];
  const handler = createWebhookHandler({
    secret,
    onEvent: (event) => void acted.push(`${event.type} ${event.jobId}`),
  });
  const { url } = await listen(toNodeHandler(handler));
  return { url: `${url}/webhook`, acted };
}

describe('webhook send', () => {
  it('delivers a signed event, and shows the answer', async () => {
    const { url, acted } = await receiver();
    const { code, stdout } = await run(['webhook', 'send', '--url', url, '--job-id', 'j1'], { env });
    expect(stdout).toMatch(/^✓ 200 in \d+ ms {2}\{"received":true\}$/m);
    expect({ code, acted }).toEqual({ code: 0, acted: ['job.completed j1'] });
  });

  it('signs in hex, in the words of the backend, under the header that is named', async () => {
    const seen: { signature: unknown; body: string }[] = [];
    const { url } = await listen(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ signature: request.headers['x-my-signature'], body });
      response.end();
    });
    const flags = ['--secret', 'raw', '--signature-header', 'x-my-signature', '--backend', 'vidBuilder'];
    const event = ['--event', 'failed', '--error', 'no credits', '--job-id', 'j1'];
    expect((await run(['webhook', 'send', '--url', url, ...flags, ...event])).code).toBe(0);
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      jobId: 'j1',
      status: 'failed',
      error: 'no credits',
    });
    expect(seen[0]?.signature).toMatch(/^[0-9a-f]{64}$/);
  });

  it('repeats a delivery with --duplicate, and a good receiver acts once', async () => {
    const { url, acted } = await receiver();
    const { code, stdout } = await run(['webhook', 'send', '--url', url, '--duplicate', '--json'], { env });
    const answers = jsonLines(stdout);
    expect(answers).toMatchObject([{ status: 200 }, { status: 200, jobId: answers[0]?.jobId }]);
    expect({ code, acted }).toEqual({ code: 0, acted: [`job.completed ${answers[0]?.jobId}`] });
  });

  it('says of the second delivery alone that it comes once more', async () => {
    const { url } = await receiver();
    const { stderr } = await run(['webhook', 'send', '--url', url, '--duplicate'], { env });
    expect(stderr).toMatch(
      /^Sending a completed delivery [^\n]*\nSending once more the completed delivery [^\n]*\n$/,
    );
  });

  it('says what to look at where the receiver has another secret', async () => {
    const { url } = await receiver('whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3Q=');
    const { stderr } = await run(['webhook', 'send', '--url', url], { env });
    expect(stderr).toContain('check that both have the same secret and scheme');
  });

  it('tells of another job each time, so that the second is not taken for a repetition', async () => {
    const { url, acted } = await receiver();
    await run(['webhook', 'send', '--url', url], { env });
    await run(['webhook', 'send', '--url', url, '--event', 'failed'], { env });
    expect(acted).toEqual([
      expect.stringMatching(/^job\.completed job_test_\w{8}$/),
      expect.stringMatching(/^job\.failed job_test_\w{8}$/),
    ]);
    expect(acted[0]?.slice(-8)).not.toBe(acted[1]?.slice(-8));
  });

  it.each([
    ['--stale', 'stale'],
    ['--tamper', 'tampered'],
  ])('exits 0 where %s is refused by a receiver that takes what is genuine', async (flag, delivery) => {
    const { url, acted } = await receiver();
    const { code, stdout } = await run(['webhook', 'send', '--url', url, flag, '--json'], { env });
    expect(jsonLines(stdout)).toMatchObject([
      { delivery: 'genuine', status: 200, asExpected: true },
      { delivery, status: 401, asExpected: true },
    ]);
    expect({ code, acted: acted.length }).toEqual({ code: 0, acted: 1 });
  });

  it.each(['--stale', '--tamper'])(
    'shows nothing by %s at a receiver that refuses everything',
    async (flag) => {
      const { url } = await receiver('whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3Q=');
      const { code, stderr, stdout } = await run(['webhook', 'send', '--url', url, flag], { env });
      expect(stdout).toMatch(/^✗ 401 [^\n]*\n$/);
      expect(stderr).toContain('to refuse a forged one would show nothing');
      expect(code).toBe(4);
    },
  );

  it('exits 1 where a receiver takes what was tampered with', async () => {
    const { url } = await listen(
      (request, response) => void request.resume().on('end', () => response.end('fine')),
    );
    const { code, stderr } = await run(['webhook', 'send', '--url', url, '--tamper'], { env });
    expect(stderr).toContain('does not check the signature');
    expect(code).toBe(1);
  });

  it.each(['soraGateway', 'vidBuilder', 'openAIVideos'])(
    'changes a value with --tamper, so that a receiver which signs what it parsed refuses it: %s',
    async (backend) => {
      const key = 'of the test';
      const { url } = await listen(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        const again = createHmac('sha256', key)
          .update(JSON.stringify(JSON.parse(body)))
          .digest('hex');
        response.writeHead(again === request.headers['x-check'] ? 200 : 401).end();
      });
      const flags = ['--secret', key, '--signature-header', 'x-check', '--backend', backend];
      const { code, stderr, stdout } = await run(['webhook', 'send', '--url', url, '--tamper', ...flags]);
      expect(stdout).toMatch(/^✓ 200 .*\n✓ 401 /);
      expect(stderr).toMatch(/, signed in x-check\n/);
      expect(code).toBe(0);
    },
  );

  it('exits 4 where a genuine delivery is refused, and shows the answer as text', async () => {
    const { url } = await listen((_, response) => response.writeHead(401).end('no \u001b[2J'));
    const { code, stdout, stderr } = await run(['webhook', 'send', '--url', url], { env });
    expect(stdout).toMatch(/^✗ 401 in \d+ ms {2}no \\u\{1b\}\[2J$/m);
    expect({ code, leaked: (stdout + stderr).includes('whsec_') }).toEqual({ code: 4, leaked: false });
  });

  it('does not follow a redirect, and exits 3 where nothing answers', async () => {
    let followed = false;
    const { url: elsewhere } = await listen((_, response) => {
      followed = true;
      response.end();
    });
    const { url } = await listen((_, response) => response.writeHead(307, { location: elsewhere }).end());
    expect((await run(['webhook', 'send', '--url', url], { env })).code).toBe(1);
    expect(followed).toBe(false);
    const { url: silent } = await listen(() => {});
    const slow = await run(['webhook', 'send', '--url', silent, '--timeout-seconds', '1'], { env });
    expect(slow.stderr).toContain('did not answer within 1 s');
    expect(slow.code).toBe(3);
  });

  it('needs a secret, and a scheme that can be stale', async () => {
    const send = ['webhook', 'send', '--url', 'http://localhost:1/'];
    const none = await run(send);
    expect(none.stderr).toContain('REELWIRE_WEBHOOK_SECRET');
    const unsigned = await run([...send, '--stale', '--secret', 'raw']);
    expect(unsigned.stderr).toContain('signs no time');
    const broken = await run([...send, '--secret', 'whsec_!!']);
    expect(broken.stderr).toContain('is not base64 after whsec_');
    expect([none.code, unsigned.code, broken.code]).toEqual([2, 2, 2]);
  });
});

describe('webhook verify', () => {
  const body = '{"id":"evt_1","type":"video.completed","created_at":1,"data":{"id":"j1"}}';
  const flagsOf = (headers: Record<string, string>) =>
    Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);

  it('says what a genuine delivery tells', async () => {
    const headers = await signWebhook({ body, secret: SECRET });
    const { code, stdout } = await run(['webhook', 'verify', ...flagsOf(headers)], { env, input: body });
    expect(stdout).toMatch(/^✓ genuine \(standard-webhooks, signed .*\)\n {2}job.completed for job j1$/m);
    expect(code).toBe(0);
  });

  it.each([
    ['bad-signature', `${body} `, new Date()],
    ['stale', body, new Date(Date.now() - 3_600_000)],
    ['missing-header', body, undefined],
  ])('says why not: %s', async (reason, input, timestamp) => {
    const headers = timestamp === undefined ? {} : await signWebhook({ body, secret: SECRET, timestamp });
    const { code, stdout } = await run(['webhook', 'verify', ...flagsOf(headers), '--json'], { env, input });
    expect(jsonLines(stdout)).toMatchObject([{ type: 'refused', reason, hint: expect.any(String) }]);
    expect(stdout).not.toContain('v1,');
    expect(code).toBe(1);
  });

  it('says how the headers of the delivery are given, where one is missing', async () => {
    const { stdout } = await run(['webhook', 'verify'], { env, input: body });
    expect(stdout).toContain('Give it as --header "name: value".');
  });

  it.each([
    ['a secret that is none', ['--secret', 'whsec_!!'], 'is not base64 after whsec_'],
    ['an empty secret', ['--secret', ''], 'Check that REELWIRE_WEBHOOK_SECRET is set, or give --secret.'],
    ['a name that no header has', ['--signature-header', 'a b'], '--signature-header is not the name of'],
  ])('exits 2 for %s, which says nothing of the delivery', async (_, flags, told) => {
    const { code, stdout, stderr } = await run(['webhook', 'verify', ...flags], { env, input: body });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(told);
  });

  it('says where the body is read from, where there is none', async () => {
    const headers = await signWebhook({ body, secret: SECRET });
    const { stdout } = await run(['webhook', 'verify', ...flagsOf(headers)], { env });
    expect(stdout).toContain('Give it on stdin, as it came: < body.json');
    expect(stdout).not.toMatch(/Express|Buffer/);
  });

  it('exits 2 for a header that is none, without quoting it', async () => {
    const { code, stderr } = await run(['webhook', 'verify', '--header', 'deadbeef'], { env, input: body });
    expect({ code, quoted: stderr.includes('deadbeef') }).toEqual({ code: 2, quoted: false });
  });
});
