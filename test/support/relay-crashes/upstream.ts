import {
  createMockServer,
  type MockFault,
  type MockServer,
  patternBytes,
} from '../../../src/mock-server/index.js';

/** What is known of the server behind: both are polled, and both call back. */
export const UPSTREAMS = ['honours keys', 'ignores keys'] as const;
export type UpstreamKind = (typeof UPSTREAMS)[number];

/** What no page may ever see, and what is in each id of the server behind. */
export const SECRETS = {
  key: 'key-of-the-video-server-0123456789',
  webhooks: `whsec_${btoa('what signs the webhooks 0123')}`,
  id: 'jobofupstream7f3a9c',
  words: 'words that are for nobody',
} as const;

/** The server behind the relays. */
export interface Upstream extends AsyncDisposable {
  readonly kind: UpstreamKind;
  readonly mock: MockServer;
  /** Where a client finds it. */
  readonly url: string;
  /** The ids of the jobs that it made of a script. */
  jobs(script: string): string[];
  /** How many submits of a script it had. */
  posts(script: string): number;
  /** What becomes of a job of a script. */
  endOf(script: string): 'completed' | 'failed';
  /** What no page may see, by what it is. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Told where a submit is: the name of the relay that made it is in its headers. */
export interface SubmitWatch {
  /** It came, and nothing of its body was read. */
  came(relay: string): void;
  /** Its job is being made. */
  made(relay: string): void;
}

const VIDEO_BYTES = 60_000;
export const VIDEO = Buffer.from(patternBytes(0, VIDEO_BYTES));

/** The header by which a relay says which one it is. */
export const RELAY_HEADER = 'x-relay';

const FAILING = 9;

export interface UpstreamOptions {
  /** Where it calls back. @default nowhere */
  readonly hook?: string;
  readonly watch?: SubmitWatch;
  /** Its jobs stay as they are until they are told to go on, and nothing goes wrong. */
  readonly isManual?: boolean;
}

/** Starts one whose calls are refused now and then, and whose downloads break off. */
export async function startUpstream(kind: UpstreamKind, options: UpstreamOptions): Promise<Upstream> {
  const { hook, watch, isManual = false } = options;
  let ids = 0;
  const mock = await createMockServer({
    auth: { type: 'bearer', token: SECRETS.key },
    videoBytes: VIDEO_BYTES,
    logSize: 1_000_000,
    webhooks: {
      ...(hook !== undefined && { openAI: { url: hook, secret: SECRETS.webhooks } }),
      secrets: { openRouter: SECRETS.webhooks },
      retryScale: 1,
      // OpenRouter says of none; without them what dies with a receiver is lost.
      retryDelaysMs: { openRouter: RETRY_DELAYS_MS, openAIVideos: RETRY_DELAYS_MS },
    },
    onRequest({ route, headers }) {
      if (route === 'generate') watch?.came(headers[RELAY_HEADER] ?? '');
    },
    onSubmit({ input, headers }) {
      watch?.made(headers.get(RELAY_HEADER) ?? '');
      const id = `${SECRETS.id}-${ids++}`;
      const failWith = `Cannot go on with ${id}: see http://127.0.0.1:${mock.port}/${id}?key=${SECRETS.key}`;
      return {
        id,
        ...(isManual ? { manual: true } : { durationMs: 300 + 170 * (ids % 10) }),
        ...(endOf(String(input.prompt)) === 'failed' && { failWith }),
      };
    },
    faults: isManual ? [] : faultsOf(kind),
  });
  const url = mock.urlOf(kind === 'honours keys' ? 'openaivideos' : 'openrouter');
  return {
    ...{ kind, mock, url, endOf },
    jobs: (script) => [...mock.jobs].filter(({ input }) => input.prompt === script).map(({ id }) => id),
    posts: (script) =>
      mock.requests.filter(({ route, body }) => route === 'generate' && promptOf(body) === script).length,
    secrets: { ...SECRETS, address: `127.0.0.1:${mock.port}`, files: new URL(mock.filesUrl).host },
    [Symbol.asyncDispose]: () => mock.close(),
  };
}

function faultsOf(kind: UpstreamKind): readonly MockFault[] {
  const body = { error: { code: 500, message: `${SECRETS.words}, such as ${SECRETS.key}` } };
  // One that ignores keys is asked once more after a 429 alone.
  const status = kind === 'honours keys' ? 502 : 429;
  return [
    { route: 'status', type: 'status', status: 500, body, every: 9 },
    { route: 'download', type: 'drop', atByte: 25_000, every: 5 },
    { route: 'generate', type: 'status', status, body, every: 11 },
  ];
}

const RETRY_DELAYS_MS = [50, 200, 800, ...Array.from({ length: 20 }, () => 2_000)];

function promptOf(body: unknown): unknown {
  return (body as { readonly prompt?: unknown } | undefined)?.prompt;
}

function endOf(script: string): 'completed' | 'failed' {
  return Number(/\d+$/.exec(script)?.[0]) % FAILING === 0 ? 'failed' : 'completed';
}
