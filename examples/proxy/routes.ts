import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Admit, checkOwner, type JobOwners, type RateLimit, Refusal } from './guard.js';
import { callUpstream, type Upstream } from './upstream.js';

export interface RouteOptions {
  readonly upstream: Upstream;
  readonly admit: Admit;
  readonly owners: JobOwners;
  readonly submits: RateLimit;
}

/** A script, perhaps with a narration in base64. */
const MAX_BODY_BYTES = 10 * 1_048_576;

type Env = { Variables: { user: string } };

/** The four routes that a page needs, and no other: this is no open proxy. */
export function createRoutes({ upstream, admit, owners, submits }: RouteOptions): Hono<Env> {
  const app = new Hono<Env>().basePath('/videos');

  app.use(async (c, next) => {
    c.set('user', await admit(c.req.raw.headers));
    await next();
    c.header('cache-control', 'private, no-store');
  });

  app.post('/api/generate', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }), async (c) => {
    // A form of another site can send text, but no JSON.
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
      throw new Refusal(415, 'send JSON');
    submits.take(c.var.user);
    // Goes on where the page is closed meanwhile: what is paid for gets its owner.
    const answer = await callUpstream(upstream, {
      path: `/api/generate?${query(c, 'renderVersion')}`,
      headers: c.req.raw.headers,
      body: await c.req.arrayBuffer(),
      signal: AbortSignal.timeout(60_000),
    });
    const body = await answer.arrayBuffer();
    if (answer.ok) owners.set(jobIdOf(body), c.var.user);
    return new Response(body, answer);
  });

  /** A GET about jobs of the user's own; over as soon as the page hangs up. */
  const get = (c: Context<Env>, jobIds: readonly string[], path: string) => {
    checkOwner(owners, c.var.user, jobIds);
    return callUpstream(upstream, { path, headers: c.req.raw.headers, signal: c.req.raw.signal });
  };
  app.get('/api/videos/status/:jobId', (c) => {
    const jobId = c.req.param('jobId');
    return get(c, [jobId], `/api/videos/status/${encodeURIComponent(jobId)}`);
  });
  app.get('/api/jobs/events', (c) => {
    const jobIds = (c.req.query('jobIds') ?? '').split(',');
    return get(c, jobIds, `/api/jobs/events?jobIds=${jobIds.map(encodeURIComponent).join(',')}`);
  });
  app.get('/api/download', (c) =>
    get(c, [c.req.query('jobId') ?? ''], `/api/download?${query(c, 'jobId', 'renderVersion')}`),
  );

  app.notFound((c) => c.json({ error: 'not found' }, 404));
  app.onError((error, c) => {
    if (!(error instanceof Refusal)) return c.json({ error: 'internal error' }, 500);
    if (error.retryAfter !== undefined) c.header('retry-after', error.retryAfter);
    return c.json({ error: error.message }, error.status);
  });
  return app;
}

/** These parameters of the request, and no others. */
function query(c: Context<Env>, ...names: readonly string[]): URLSearchParams {
  const given = names.map((name) => [name, c.req.query(name)] as const);
  return new URLSearchParams(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function jobIdOf(answer: ArrayBuffer): string {
  const { jobId } = JSON.parse(new TextDecoder().decode(answer)) as { jobId?: unknown };
  return String(jobId);
}

function tooLarge(): never {
  throw new Refusal(413, `more than ${MAX_BODY_BYTES} bytes`);
}
