import { connectTimeout, STREAM_LABELS, type StreamFailure, type StreamName } from '../core/follow-model.js';
import { TRANSPORTS, type TransportName } from '../core/model.js';
import { abortable } from '../runtime/abort.js';
import {
  type DiagnosisDeps,
  type Finding,
  failure,
  PROBE_JOB_ID,
  type TransportDiagnosis,
} from './diagnose-deps.js';
import { probePolling } from './diagnose-polling.js';
import type { Settings } from './resolve-options.js';
import type { Server } from './server.js';

/** What `VideoClient.diagnose` found out. */
export interface Diagnosis {
  /** A job can be followed: an enabled transport works or opens, or nothing shows that each of them fails. */
  readonly ok: boolean;
  readonly baseUrl: string;
  /** The best enabled transport that works or opens. */
  readonly transport?: TransportName;
  readonly transports: Readonly<Record<TransportName, TransportDiagnosis>>;
}

/** How long an open stream may take to say something, before it counts as open and silent. */
const FIRST_FRAME_MS = 1_000;

/** Tries each transport once, side by side. */
export async function diagnose(
  { backend, http, runtime, settings }: Server,
  sockets: Pick<DiagnosisDeps, 'streams'> & { carriesHeaders(settings: Settings): Promise<boolean> },
  signal: AbortSignal,
): Promise<Diagnosis> {
  const { baseUrl, timeouts, transports: enabled } = settings;
  const deps = {
    ...{ http, runtime, backend, baseUrl, streams: sockets.streams, connectMs: timeouts.connectMs },
    carriesHeaders: () => sockets.carriesHeaders(settings),
  };
  const start = runtime.elapsedMs();
  const polling = probePolling(deps, signal);
  const probes = TRANSPORTS.map(async (name): Promise<[TransportName, TransportDiagnosis]> => {
    const found = name === 'polling' ? await polling : await probeStream(deps, name, signal);
    const elapsedMs = runtime.elapsedMs() - start;
    const { state, message, hint } = name === 'polling' ? found : explain(found, await polling, baseUrl);
    const isEnabled = enabled.includes(name);
    return [name, { state, enabled: isEnabled, elapsedMs, message, ...(hint !== undefined && { hint }) }];
  });
  const entries = await Promise.all(probes);
  const transports = Object.fromEntries(entries) as Record<TransportName, TransportDiagnosis>;
  const transport = enabled.find((name) => ['works', 'opens'].includes(transports[name].state));
  return {
    ok: transport !== undefined || enabled.some((name) => transports[name].state === 'unknown'),
    baseUrl: `${baseUrl.origin}${baseUrl.pathname}`,
    ...(transport !== undefined && { transport }),
    transports,
  };
}

async function probeStream(deps: DiagnosisDeps, name: StreamName, signal: AbortSignal): Promise<Finding> {
  const connect = deps.streams[name];
  const label = STREAM_LABELS[name];
  if (connect === undefined) {
    const message = `The backend ${deps.backend.name} has no ${label}.`;
    return { state: 'unsupported', message };
  }
  const { runtime, connectMs } = deps;
  const inPage = name === 'websocket' && !(await canSendHeaders(deps));
  let stop = () => {};
  const probe = new Promise<Finding>((resolve) => {
    let timer = runtime.setTimeout(
      () => resolve(unanswered(name, connectMs)),
      connectMs + 1, // The stream's own clock is to be first, where it has one.
    );
    const heard = () => resolve({ state: 'works', message: `${label} is open and receives data.` });
    const connection = connect([PROBE_JOB_ID], {
      opened: () => {
        runtime.clearTimeout(timer);
        const message = `${label} opens; the server said nothing on it, as is usual while no job runs.`;
        timer = runtime.setTimeout(() => resolve({ state: 'opens', message }), FIRST_FRAME_MS);
      },
      dropped() {},
      said: heard,
      failed: (reason) => {
        if (name === 'sse' && deps.backend.sse?.perJob && reason.kind === 'absent')
          resolve({ state: 'unknown', message: `${reason.reason}: there is no such job.` });
        resolve(
          reason.kind === 'timeout'
            ? unanswered(name, connectMs)
            : failure(`${reason.reason}.`, hintFor(name, reason, inPage)),
        );
      },
    });
    stop = () => {
      runtime.clearTimeout(timer);
      connection.close();
    };
  });
  return abortable(probe, signal).finally(() => stop());
}

async function canSendHeaders({ carriesHeaders }: DiagnosisDeps): Promise<boolean> {
  try {
    return await carriesHeaders();
  } catch {
    return false;
  }
}

/** Some servers, and proxies, send the head of an event stream with its first event only. */
function unanswered(name: StreamName, connectMs: number): Finding {
  if (name === 'websocket') return failure(`${connectTimeout(name, connectMs).reason}.`, BLOCKED.websocket);
  return {
    state: 'unknown',
    message: `SSE sent no head within ${connectMs} ms: it may open late, with the first event of a job.`,
    hint: `Let the server send the head at once. ${BLOCKED.sse}`,
  };
}

function hintFor(name: StreamName, { kind, reason }: StreamFailure, inPage: boolean): string {
  // No network was asked.
  if (/could not be made|not possible here/.test(reason))
    return `Leave it out of transports; the others serve.${name === 'websocket' ? ' Or give the option WebSocket a class.' : ''}`;
  // With a code of the network no proxy was reached. Pages are told neither code nor status.
  const isAnswered = name === 'websocket' && /refused( \(HTTP|$)/.test(reason);
  const blocked = isAnswered ? `${BLOCKED.websocket} ${UPGRADE}` : BLOCKED[name];
  switch (kind) {
    case 'absent':
      return name === 'websocket'
        ? blocked
        : 'The server has no event stream: nothing needs to be done where another transport works.';
    case 'credentials':
      return inPage
        ? 'A browser cannot send headers with a WebSocket: make webSocketUrl a function that puts a token in the URL.'
        : 'Check auth: a token may be missing, wrong or expired.';
    case 'mixed-content':
      return 'Serve the WebSocket over TLS, and give webSocketUrl with wss:.';
    default:
      return blocked;
  }
}

const BLOCKED = {
  websocket:
    'Check that the server listens for WebSockets at this port and path (webSocketUrl says where else), and that each proxy on the way passes the Upgrade header on.',
  sse: 'Check that each proxy on the way passes text/event-stream on without buffering it, as nginx does with: proxy_buffering off;',
} as const;

/** HAProxy and Caddy need nothing for it. */
const UPGRADE =
  'Nginx does so with: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';

/** Whether the server is there at all decides what keeps a stream from opening. */
function explain(found: Finding, polling: Finding & { unreachable?: true }, { origin }: URL): Finding {
  if (found.state !== 'fails' && found.state !== 'unknown') return found;
  if (polling.unreachable) return { ...found, state: 'fails', hint: polling.hint ?? '' };
  if (polling.state === 'fails') return found;
  return { ...found, message: `${found.message} The server at ${origin} itself is there.` };
}
