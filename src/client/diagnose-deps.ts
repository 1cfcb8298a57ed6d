import type { AnyBackend } from '../backends/backend.js';
import type { StreamName } from '../core/follow-model.js';
import type { HttpClient } from '../http/types.js';
import type { Runtime } from '../runtime/runtime.js';
import type { ConnectStream } from '../transports/transport.js';

/** What was found out about one transport. */
export interface TransportDiagnosis {
  /**
   * `works`: the server answered. `opens`: the stream opened, and nothing came, as is usual while no job runs.
   * `unknown`: a probe without a job cannot tell, such as of an event stream that sends its head with its first event.
   * `fails`: `message` says how, `hint` what to do. `unsupported`: the backend has no such transport.
   */
  readonly state: 'works' | 'opens' | 'unknown' | 'fails' | 'unsupported';
  /** Whether the client's `transports` holds it. */
  readonly enabled: boolean;
  readonly elapsedMs: number;
  /** A whole sentence. */
  readonly message: string;
  /** What to do, in one sentence. */
  readonly hint?: string;
}

export interface DiagnosisDeps {
  readonly http: HttpClient;
  readonly runtime: Runtime;
  readonly backend: AnyBackend;
  readonly baseUrl: URL;
  readonly connectMs: number;
  /** Whether a socket can send headers. */
  readonly carriesHeaders: () => Promise<boolean>;
  readonly streams: Readonly<Partial<Record<StreamName, ConnectStream>>>;
}

export type Finding = Pick<TransportDiagnosis, 'state' | 'message' | 'hint'>;

/**
 * No server has a job of this name: asking for it shows that the route is there, and changes nothing. A UUID, since
 * servers whose ids are answer 500 to what is none.
 */
export const PROBE_JOB_ID = '00000000-0000-0000-0000-000000000000';

export function failure(message: string, hint: string | undefined): Finding {
  return { state: 'fails', message, ...(hint !== undefined && { hint }) };
}
