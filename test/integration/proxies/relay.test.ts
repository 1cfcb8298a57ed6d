import { createMockServer } from 'reelwire/mock-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSite } from '../../../examples/relay/site.js';
import { memoryBus } from '../../../src/jobs/buses/memory.js';
import { memoryJobs } from '../../../src/jobs/memory.js';
import { blocksOf } from '../../support/documents.js';
import { freePort } from '../../support/free-port.js';
import { eventually } from '../../support/until.js';
import { nginxConf, pageOf, signIn, startNginxOfExample } from '../examples/relay-support.js';
import { PageSocket, refusedWith, submitting } from '../relay/support.js';
import { type Proxy as RunningProxy, startCaddyWith, until } from './support.js';

type Ports = readonly [number, number];

const GUIDE = 'examples/guides/deploying-the-relay.md';
const [apiKey, webhookSecret] = ['key-of-the-provider', 'shared'];

function linesOf(language: string): string {
  return blocksOf(GUIDE).find((block) => block.language === language)?.code ?? '';
}

const nginx = (without?: RegExp, http?: string) => (ports: Ports) =>
  startNginxOfExample(ports, { ...(without && { without }), ...(http && { http }) });

const caddy = (without?: RegExp) => (ports: Ports) =>
  startCaddyWith(
    linesOf('caddy')
      .replace('relay-1:3000', `127.0.0.1:${ports[0]}`)
      .replace('relay-2:3000', `127.0.0.1:${ports[1]}`)
      .replaceAll(new RegExp(without ?? /^$/, 'g'), ''),
  );

/** Two relays of one site behind the proxy. */
async function startBehind(startProxy: (ports: Ports) => Promise<RunningProxy>) {
  const provider = await createMockServer({
    manual: true,
    auth: { type: 'bearer', token: apiKey },
    webhooks: { secrets: { openRouter: webhookSecret } },
  });
  onTestFinished(() => provider.close());
  const ports = [await freePort(), await freePort()] as const;
  const { url } = await startProxy(ports);
  const [jobs, bus] = [memoryJobs(), memoryBus()];
  const start = (port: number) =>
    startSite({
      ...{ apiKey, webhookSecret, sessionSecret: 'of both', jobs, bus, port },
      ...{ upstreamUrl: provider.urlOf('openrouter'), publicUrl: url, pollMs: 50 },
    });
  const sites = [await start(ports[0]), await start(ports[1])] as const;
  onTestFinished(async () => void (await Promise.all(sites.map((site) => site.close().catch(() => {})))));
  await eventually(async () => expect((await fetch(`${url}/me`)).status).toBe(401));
  const ada = await signIn(`${url}/sign-in?user=ada`);
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/videos${path}`, { ...init, headers: { cookie: ada.cookie, ...init.headers } });
  return {
    ...{ provider, sites, ada, call },
    socket: () => PageSocket.open(`${url}/videos/`, { cookie: ada.cookie, origin: url }),
    /** The status of a submit as a page makes it. */
    submit: async (script = 'A paper boat') =>
      (await call('/api/generate', submitting({ script }, undefined, { origin: url }))).status,
  };
}

type Behind = Awaited<ReturnType<typeof startBehind>>;

/** The frames that come over a stream about a job: as it is read, and no later. */
async function framesOf({ socket, call }: Behind, stream: 'websocket' | 'sse', jobId: string) {
  if (stream === 'websocket') {
    const page = await socket();
    page.say('subscribe', jobId);
    return () => page.frames.map(({ status }) => status);
  }
  const { body } = await call(`/api/jobs/events?jobIds=${jobId}`);
  let text = '';
  const read = async () => {
    for await (const chunk of body as ReadableStream<Uint8Array>) text += new TextDecoder().decode(chunk);
  };
  read().catch(() => {}); // The proxy is killed in the end.
  return () => [...text.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status);
}

/** Each step is told before the next is taken: nothing is held back. */
async function follows(behind: Behind, stream: 'websocket' | 'sse') {
  const { provider, ada } = behind;
  const { id } = await pageOf(ada).generate({ script: 'A paper boat' });
  const frames = await framesOf(behind, stream, id);
  await expect.poll(frames).toContain('queued');
  const job = [...provider.jobs].at(-1);
  job?.advance({ status: 'processing', progress: 50 });
  await expect.poll(frames).toContain('processing');
  job?.complete();
  await expect.poll(frames).toContain('completed');
}

describe.each([
  ['nginx', nginx()],
  ['caddy', caddy()],
] as const)('two relays behind %s with the lines of the guide', (_, startProxy) => {
  it.each(['websocket', 'sse'] as const)(
    'tell a page each step over %s, and the webhook comes in',
    async (stream) => {
      const behind = await startBehind(startProxy);
      await follows(behind, stream);
      await expect.poll(() => behind.provider.webhooks.deliveries).toMatchObject([{ status: 200 }]);
    },
  );

  it('take a submit of a page of theirs, a large one too', async () => {
    const { submit, provider } = await startBehind(startProxy);
    expect(await submit()).toBe(200);
    // Refused by what it says, not by its size.
    expect(await submit('x'.repeat(5_000_000))).toBe(400);
    expect(provider.jobs.size).toBe(1);
  });
});

/** Until then a health check may take one for dead that was not there when the proxy began. */
async function bothServe({ sites, socket }: Behind): Promise<void> {
  const opened: PageSocket[] = [];
  const isServing = async () => {
    await socket().then(
      (page) => opened.push(page),
      () => {},
    );
    return sites.every(({ relay }) => relay.stats.sockets > 0);
  };
  await eventually(async () => expect(await isServing()).toBe(true));
  for (const page of opened) page.socket.terminate();
  await until(() => sites.every(({ relay }) => relay.stats.sockets === 0));
}

/** What this many sockets are answered, one after the other. */
async function openings({ socket }: Behind, count: number) {
  const answers: (number | 'open')[] = [];
  for (let opened = 0; opened < count; opened++) {
    const opening = socket();
    answers.push(
      await opening.then(
        ({ socket }) => {
          socket.terminate();
          return 'open' as const;
        },
        () => refusedWith(opening),
      ),
    );
  }
  return answers;
}

const open = (count: number) => Array<'open'>(count).fill('open');

describe('of the lines for nginx', () => {
  it.each(['proxy_set_header Upgrade', 'proxy_set_header Connection'])(
    '%s is needed for a WebSocket',
    async (line) => {
      const behind = await startBehind(nginx(new RegExp(`${line} .*;`)));
      expect((await openings(behind, 1))[0]).not.toBe('open');
      expect(await behind.submit()).toBe(200);
    },
  );

  it('the Host, with its port, is needed for a page to be taken for one of this site', async () => {
    const behind = await startBehind(nginx(/proxy_set_header Host .*;/));
    expect(await openings(behind, 1)).toEqual([403]);
    expect(await behind.submit()).toBe(403);
  });

  it('the size of a body is needed for one of more than 1 MB', async () => {
    const behind = await startBehind(nginx(/client_max_body_size .*;/));
    expect(await behind.submit('x'.repeat(2_000_000))).toBe(413);
  });

  it('the timeout is needed where somebody has set less than a ping takes', async () => {
    const less = 'proxy_read_timeout 1s;\n';
    const [kept, cut] = await Promise.all(
      [nginx(undefined, less), nginx(/proxy_read_timeout .*;/, less)].map(startBehind),
    );
    const [keptSocket, cutSocket] = [await kept?.socket(), await cut?.socket()];
    expect(await cutSocket?.closed).toBe(1006);
    expect(keptSocket?.socket.readyState).toBe(keptSocket?.socket.OPEN);
  });

  it('http_503 is needed for new sockets to come to the one that does not drain', async () => {
    const [passed, refused] = [await startBehind(nginx()), await startBehind(nginx(/ http_503/))];
    for (const { sites } of [passed, refused]) await sites[0].relay.drain({ forMs: 0 });
    expect(await openings(passed, 6)).toEqual(open(6));
    expect(await openings(refused, 6)).toContain(503);
  });
});

describe('of the lines for Caddy', () => {
  it('the health check takes the one that drains out', async () => {
    const [checked, blind] = [await startBehind(caddy()), await startBehind(caddy(/health_.*\n/))];
    for (const behind of [checked, blind]) {
      await bothServe(behind);
      await behind.sites[0].relay.drain({ forMs: 0 });
    }
    await expect.poll(() => openings(checked, 10), { timeout: 20_000 }).toEqual(open(10));
    expect(await openings(blind, 18)).toContain(503);
  });

  it('lb_try_duration sends on what came to one that is gone', async () => {
    // The health check would take it out in a moment.
    const [sent, lost] = [
      await startBehind(caddy(/health_.*\n/)),
      await startBehind(caddy(/(health_|lb_try_duration).*\n/)),
    ];
    const answers: Set<number>[] = [];
    for (const behind of [sent, lost]) {
      await bothServe(behind);
      const { call, sites } = behind;
      await sites[0].close();
      const statuses = await Promise.all(Array.from({ length: 20 }, () => call('/api/jobs')));
      answers.push(new Set(statuses.map(({ status }) => status)));
    }
    expect(answers).toEqual([new Set([200]), new Set([200, 502])]);
  });
});

it('the guide has the lines of the example, as they are', () => {
  expect(nginxConf.replace(/^#.*\n\n/, '')).toBe(linesOf('nginx'));
});
