import { spawn } from 'node:child_process';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { verifyWebhookSignature } from '../../../src/webhooks/index.js';
import { listen } from '../../support/listen.js';
import { jsonLines, run, start, startServer } from './support.js';

it('the mock server runs until it is interrupted, and prints what it got', async () => {
  const mock = start(['mock', '--port', '0', '--duration-ms', '300', '--fault', 'websocket=refuse']);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await mock.until(/Ctrl-C/))?.[0] ?? '';
  await mock.until(new RegExp(`^ +openaivideos +${url}/openaivideos$`, 'm'));
  const { code, stderr } = await run(['generate', 'Explain blockchain', '--base-url', url]);
  expect(stderr).toMatch(/completed 100 % over sse/);
  expect(code).toBe(0);
  mock.interrupt();
  const ended = await mock.ended;
  expect(ended.stdout).toMatch(/^[\d:.]+ → POST \/api\/generate$/m);
  expect(ended.stdout).toMatch(/^[\d:.]+ ← 200 \/api\/generate job job-\w+ .*"Explain blockchain"/m);
  expect(ended.code).toBe(0);
});

it('a port that is taken, or a fault that there is not, is wrong usage', async () => {
  const { server } = await startServer();
  const taken = await run(['mock', '--port', String(server.port)]);
  expect(taken.stderr).toContain('EADDRINUSE');
  const fault = await run(['mock', '--port', '0', '--fault', 'websocket=sulk']);
  expect(fault.stderr).toContain('--fault');
  const port = await run(['mock', '--port', '70000']);
  const host = await run(['mock', '--port', '0', '--host', 'nowhere.invalid']);
  expect(host.stderr).toContain('Give an address of this machine, such as --host 127.0.0.1.');
  expect([taken.code, fault.code, port.code, host.code]).toEqual([2, 2, 2, 2]);
});

describe.runIf(process.platform !== 'win32')(
  'what started the mock server and has ended',
  { timeout: 60_000 },
  () => {
    /** `close` comes when the last process that holds its output has ended, and so has the mock server. */
    const startBy = (command: string, args: readonly string[]) => {
      const starter = spawn(command, args, { detached: true, env: { PATH: process.env.PATH } });
      onTestFinished(() => {
        // The whole of its group: what is tested may have failed.
        if (starter.pid !== undefined) tryTo(() => process.kill(-(starter.pid as number), 'SIGKILL'));
      });
      let text = '';
      const listening = new Promise<string>((resolve) => {
        starter.stdout.on('data', (chunk) => {
          text += chunk;
          if (text.includes('Ctrl-C')) resolve(text);
        });
      });
      const ended = new Promise<string>((resolve) => starter.once('close', () => resolve(text)));
      return { starter, listening, ended };
    };
    const mockCommand = [process.execPath, inject('cli'), 'mock', '--port', '0'];

    it('takes it along: a script', async () => {
      // A shell gives what runs in the background an input that has ended.
      const { ended, listening, starter } = startBy('sh', ['-c', '"$0" "$@" & read line', ...mockCommand]);
      await listening;
      starter.stdin.end();
      expect(await ended).toContain('The process that started it has ended');
    });

    it('takes it along: npm, whose shell goes on', async () => {
      const { ended, listening, starter } = startBy('npm', ['exec', '-c', mockCommand.join(' ')]);
      await listening;
      starter.kill('SIGKILL');
      expect(await ended).toContain('The process that started it has ended');
    });

    it('takes it along: a script that started it by npm, which goes on', async () => {
      const command = ['npm', 'exec', '-c', mockCommand.join(' ')];
      const { ended, listening, starter } = startBy('sh', ['-c', '"$0" "$@" & read line', ...command]);
      await listening;
      starter.stdin.end();
      expect(await ended).toContain('The process that started it has ended');
    });
  },
);

function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // All is over already.
  }
}

const receiver = async (status = 200) => {
  const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
  const { url } = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ headers: request.headers, body });
    response.writeHead(status).end();
  });
  return { seen, url: `${url}/hook` };
};

const startMock = async (flags: readonly string[], env: Record<string, string> = {}) => {
  const mock = start(['mock', '--port', '0', '--duration-ms', '50', ...flags], { env });
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await mock.until(/Ctrl-C|listening/))?.[0] ?? '';
  const send = (path: string, body: unknown) =>
    fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
  const end = async () => {
    mock.interrupt();
    return mock.ended;
  };
  return { ...mock, url, send, end };
};
const scenes = [{ type: 'x', duration: 1, content: {} }];

it('each attempt to deliver a webhook has a line: where to, what came back, and who signed it', async () => {
  const { seen, url } = await receiver(401);
  const mock = await startMock(['--webhook-secret', 'of the test']);
  await mock.send('/api/generate-video-async', { scenes, webhookUrl: `${url}?key=secret` });
  const text = await mock.until(/webhook completed .*\(attempt 2, /);
  const line = `webhook started for job \\w+ to ${url}: 401 \\(attempt 1, signed in x-webhook-signature\\)`;
  expect(text).toMatch(new RegExp(line));
  expect(
    text
      .split('\n')
      .filter((one) => one.includes(' webhook '))
      .join(),
  ).not.toContain('key=secret');
  const { stderr } = await mock.end();
  expect(stderr).not.toContain('not signed');
  await verifyWebhookSignature({ ...(seen[0] as (typeof seen)[0]), secret: 'of the test' });
});

it('a program is told where the server and each dialect is, in the first line', async () => {
  const mock = await startMock(['--json']);
  const [first] = jsonLines((await mock.end()).stdout);
  const at = (path: string) => `${mock.url}/${path}`;
  expect(first).toEqual({
    ...{ type: 'listening', url: mock.url, filesUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
    urls: {
      ...{ soragateway: at('soragateway'), vidbuilder: at('vidbuilder'), openaivideos: at('openaivideos') },
      ...{ openrouter: at('openrouter/api/v1'), replicate: at('replicate/v1') },
      ...{ comfyui: at('comfyui'), fal: at('fal') },
      ...{ runway: at('runway'), xai: at('xai/v1') },
    },
  });
});

it('webhooks that nothing signs say so, once with what would sign them', async () => {
  const { seen, url } = await receiver();
  const mock = await startMock([]);
  await mock.send('/api/generate-video-async', { scenes, webhookUrl: url });
  await mock.until(/webhook completed for job \w+ to .*: 200 \(attempt 1, unsigned\)/);
  const { stderr } = await mock.end();
  expect(stderr.match(/--webhook-secret/g)).toHaveLength(1);
  expect(seen[0]?.headers['x-webhook-signature']).toBeUndefined();
});

it('webhooks of all dialects are sent, signed with the secret of the environment', async () => {
  const { seen, url } = await receiver();
  const secret = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiBhIHRlc3Q=';
  const mock = await startMock(['--webhook-url', url, '--json'], { REELWIRE_WEBHOOK_SECRET: secret });
  await mock.send('/v1/videos', { prompt: 'x' });
  await mock.send('/api/generate?renderVersion=v3', { walletAddress: '0x1', script: 'x' });
  await mock.until(/"type":"delivery".*video\.completed/);
  await mock.until(/"type":"delivery".*"event":"completed"/);
  const { stdout } = await mock.end();
  expect(jsonLines(stdout)).toContainEqual(
    expect.objectContaining({
      type: 'delivery',
      status: 200,
      attempt: 1,
      url,
      signature: 'webhook-signature',
    }),
  );
  const standard = seen.find(({ headers }) => headers['webhook-id'] !== undefined);
  await verifyWebhookSignature({ ...(standard as (typeof seen)[0]), secret });
  const hex = seen.find(({ headers }) => headers['x-signature'] !== undefined);
  await verifyWebhookSignature({ ...(hex as (typeof seen)[0]), secret, scheme: 'hmac-sha256-hex' });
});

it('webhooks of hosted providers are signed, too, each in its manner', async () => {
  const { seen, url } = await receiver();
  const secret = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiBhIHRlc3Q=';
  const mock = await startMock(['--webhook-secret', secret]);
  const model = 'google/veo-3.1';
  await mock.send('/replicate/v1/predictions', { version: model, input: { prompt: 'x' }, webhook: url });
  await mock.send('/openrouter/api/v1/videos', { model, prompt: 'x', callback_url: url });
  await mock.until(/webhook completed for job \w+ .*signed in webhook-signature/);
  await mock.until(/webhook video\.generation\.completed .*signed in x-openrouter-signature/);
  await mock.end();
  const standard = seen.find(({ headers }) => headers['webhook-id'] !== undefined);
  await verifyWebhookSignature({ ...(standard as (typeof seen)[0]), secret });
});

it('a webhook to another machine is not sent, and a page of a stranger is not let in, unless so told', async () => {
  const webhookUrl = 'http://internal.invalid/admin';
  const closed = await startMock([]);
  const submit = { scenes, webhookUrl };
  await closed.send('/api/generate-video-async', submit);
  await closed.until(/webhook completed .* to http:\/\/internal\.invalid\/admin: not sent/);
  const origin = 'https://app.example';
  const asked = (url: string) => fetch(`${url}/v1/videos`, { headers: { origin } });
  expect((await asked(closed.url)).status).toBe(403);
  await closed.until(/ 403 \/v1\/videos/);
  const flags = ['--allow-webhook-host', 'internal.invalid', '--allow-origin', `${origin}/`];
  const open = await startMock([...flags, '--allow-host', 'mock.example']);
  await open.send('/api/generate-video-async', submit);
  await open.until(/webhook started .* to http:\/\/internal\.invalid\/admin: (?!not sent)/);
  expect((await asked(open.url)).status).toBe(200);
});

it('a secret that cannot be one, and a URL that is none, are wrong usage', async () => {
  const secret = await run(['mock', '--webhook-url', 'http://localhost/', '--webhook-secret', 'whsec_!']);
  const url = await run(['mock', '--webhook-url', 'localhost']);
  expect(secret.stderr + url.stderr).toMatch(
    /^Error: --webhook-secret is not base64 after whsec_\n[\s\S]*--webhook-url is not/,
  );
  expect([secret.code, url.code]).toEqual([2, 2]);
});
