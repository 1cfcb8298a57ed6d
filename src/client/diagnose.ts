import type { AnyBackend } from '../backends/backend.js';
import type { StreamFailure, StreamName } from '../core/follow-model.js';
import { TRANSPORTS, type TransportName } from '../core/model.js';
import { isVideoError } from '../errors.js';
import { isReachable } from '../http/reachable.js';
import type { HttpClient } from '../http/types.js';
import { abortable } from '../runtime/abort.js';
import type { Runtime } from '../runtime/runtime.js';
import type { ConnectStream } from '../transports/transport.js';

/** What was found out about one transport. */
export interface TransportDiagnosis {
  /**
   * `works`: the server answered. `opens`: the stream opened, and nothing came, as is usual while no job runs.
   * `fails`: `message` says how, `hint` what to do. `unsupported`: the backend has no such transport.
   */
  readonly state: 'works' | 'opens' | 'fails' | 'unsupported';
  /** Whether the client's `transports` holds it. */
  readonly enabled: boolean;
  readonly elapsedMs: number;
  /** A whole sentence. */
  readonly message: string;
  /** What to do, in one sentence. */
  readonly hint?: string;
}

/** What `VideoClient.diagnose` found out. */
export interface Diagnosis {
  /** A job can be followed: an enabled transport works or opens. */
  readonly ok: boolean;
  readonly baseUrl: string;
  /** The best enabled transport that works or opens. */
  readonly transport?: TransportName;
  readonly transports: Readonly<Record<TransportName, TransportDiagnosis>>;
}

export interface DiagnosisDeps {
  readonly http: HttpClient;
  readonly runtime: Runtime;
  readonly backend: AnyBackend;
  readonly baseUrl: URL;
  readonly enabled: readonly TransportName[];
  readonly connectMs: number;
  readonly streams: Readonly<Partial<Record<StreamName, ConnectStream>>>;
}

type Finding = Pick<TransportDiagnosis, 'state' | 'message' | 'hint'>;

/** No server has a job of this name: asking for it shows that the route is there, and changes nothing. */
const PROBE_JOB_ID = 'reelwire-diagnosis';
/** How long an open stream may take to say something, before it counts as open and silent. */
const FIRST_FRAME_MS = 1_000;

/** Tries each transport once, side by side. */
export async function diagnose(deps: DiagnosisDeps, signal: AbortSignal): Promise<Diagnosis> {
  const { runtime, baseUrl, enabled } = deps;
  const start = runtime.now();
  const probes = TRANSPORTS.map(async (name): Promise<[TransportName, TransportDiagnosis]> => {
    const finding = await (name === 'polling' ? probePolling(deps, signal) : probeStream(deps, name, signal));
    return [name, { enabled: enabled.includes(name), elapsedMs: runtime.now() - start, ...finding }];
  });
  const transports = Object.fromEntries(await Promise.all(probes)) as Record<
    TransportName,
    TransportDiagnosis
  >;
  explainStreams(transports, baseUrl);
  const transport = enabled.find((name) => ['works', 'opens'].includes(transports[name].state));
  const url = `${baseUrl.origin}${baseUrl.pathname}`;
  return {
    ok: transport !== undefined,
    baseUrl: url,
    ...(transport !== undefined && { transport }),
    transports,
  };
}

async function probePolling(
  { http, backend, baseUrl }: DiagnosisDeps,
  signal: AbortSignal,
): Promise<Finding> {
  const request = backend.status(PROBE_JOB_ID);
  let response: Response;
  try {
    response = await http.open(request, { signal, headers: { accept: 'application/json' } });
  } catch (error) {
    signal.throwIfAborted();
    if (isVideoError(error) && error.code === 'configuration') return failure(error.message, error.hint);
    return isReachable(baseUrl, signal).then((reachable) => unreachable(baseUrl, error, reachable));
  }
  const { status, headers } = response;
  const isJson = /\bjson\b/.test(headers.get('content-type') ?? '');
  response.body?.cancel().catch(() => {});
  if (status === 401 || status === 403) {
    return failure(
      `The server refused the credentials (HTTP ${status}).`,
      'Check auth: a token may be missing, wrong or expired.',
    );
  }
  if (status >= 500 || status === 429) {
    return failure(`The server answers status calls with HTTP ${status}.`, 'Look at the logs of the server.');
  }
  if (!isJson) {
    return failure(
      `Something answers at ${baseUrl.origin}, but not this API (HTTP ${status}, no JSON).`,
      'Check host, port and path of baseUrl, and that backend is the dialect of the server.',
    );
  }
  return {
    state: 'works',
    message: `The server answers status calls (HTTP ${status} for a job that does not exist).`,
  };
}

function probeStream(deps: DiagnosisDeps, name: StreamName, signal: AbortSignal): Promise<Finding> {
  const connect = deps.streams[name];
  const label = LABELS[name];
  if (connect === undefined) {
    const message = `The backend ${deps.backend.name} has no ${label}.`;
    return Promise.resolve({ state: 'unsupported', message });
  }
  const { runtime, connectMs } = deps;
  let stop = () => {};
  const probe = new Promise<Finding>((resolve) => {
    let timer = runtime.setTimeout(
      () => resolve(failure(`${label} got no answer within ${connectMs} ms.`, blocked(name))),
      connectMs,
    );
    const heard = () => resolve({ state: 'works', message: `${label} opens, and the server speaks on it.` });
    const connection = connect([PROBE_JOB_ID], {
      opened: () => {
        runtime.clearTimeout(timer);
        const message = `${label} opens; the server said nothing on it, as is usual while no job runs.`;
        timer = runtime.setTimeout(() => resolve({ state: 'opens', message }), FIRST_FRAME_MS);
      },
      said: heard,
      failed: (reason) => resolve(failure(`${reason.reason}.`, hintFor(name, reason))),
    });
    stop = () => {
      runtime.clearTimeout(timer);
      connection.close();
    };
  });
  return abortable(probe, signal).finally(() => stop());
}

const LABELS = { websocket: 'WebSocket', sse: 'SSE' } as const;

function hintFor(name: StreamName, { kind }: StreamFailure): string {
  switch (kind) {
    case 'absent':
      return name === 'websocket'
        ? 'Nothing takes a WebSocket at that URL: give webSocketUrl, with the right port and path.'
        : 'The server has no event stream; nothing needs to be done, the other transports serve.';
    case 'credentials':
      return name === 'websocket'
        ? 'A browser cannot send headers with a WebSocket: make webSocketUrl a function that puts a token in the URL.'
        : 'Check auth: a token may be missing, wrong or expired.';
    case 'mixed-content':
      return 'Serve the WebSocket over TLS, and give webSocketUrl with wss:.';
    default:
      return blocked(name);
  }
}

function blocked(name: StreamName): string {
  return name === 'websocket'
    ? 'Check that the server listens for WebSockets on this port, and that each proxy on the way passes the Upgrade header on.'
    : 'Check that each proxy on the way passes text/event-stream on without buffering it.';
}

/** Whether the server is there at all decides what keeps a stream from opening. */
function explainStreams(transports: Record<TransportName, TransportDiagnosis>, baseUrl: URL): void {
  const { polling } = transports;
  for (const name of ['websocket', 'sse'] as const) {
    const found = transports[name];
    if (found.state !== 'fails') continue;
    if (polling.state === 'works') {
      transports[name] = {
        ...found,
        message: `${found.message} The server at ${baseUrl.origin} itself is there.`,
      };
    } else if (polling.hint === NOT_RUNNING) {
      transports[name] = { ...found, hint: NOT_RUNNING };
    }
  }
}

const NOT_RUNNING = 'Check that the server is running (npm run dev), and that baseUrl has its host and port.';

function unreachable(baseUrl: URL, error: unknown, reachable: boolean): Finding {
  if (reachable) {
    return failure(
      `The server at ${baseUrl.origin} is there, but the browser keeps its answers from this page (CORS).`,
      `Let the server answer with Access-Control-Allow-Origin: ${globalThis.location?.origin ?? 'the origin of the page'}, or call it through a proxy of your own.`,
    );
  }
  const why = error instanceof Error ? `: ${error.message}` : '';
  return failure(`Nothing answers at ${baseUrl.origin}${why}.`, NOT_RUNNING);
}

function failure(message: string, hint: string | undefined): Finding {
  return { state: 'fails', message, ...(hint !== undefined && { hint }) };
}
