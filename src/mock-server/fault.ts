import type { ByteArray } from './bytes.js';

/** What a fault can be tied to. `sse` and `websocket` are the streams, `files` is the second origin. */
export type MockRoute =
  | 'generate'
  | 'status'
  | 'result'
  | 'download'
  | 'files'
  | 'list'
  | 'delete'
  | 'remix'
  | 'cancel'
  | 'models'
  | 'account'
  | 'upload'
  | 'upstream-webhook'
  | 'sse'
  | 'websocket';

export const MOCK_ROUTES: readonly MockRoute[] = [
  ...(['generate', 'status', 'download', 'files', 'list', 'delete', 'remix'] as const),
  ...(['cancel', 'models', 'account', 'upload', 'result'] as const),
  ...(['upstream-webhook', 'sse', 'websocket'] as const),
];

/** Where and how often a fault strikes. */
export interface FaultScope {
  /** @default every route */
  route?: MockRoute | readonly MockRoute[] | undefined;
  /** Only what concerns this job: a call that names it, on a stream its frames. @default every job */
  jobId?: string | undefined;
  /** It strikes so often: a call, or a connection of a stream, counts as one. @default always */
  times?: number | undefined;
  /** So many calls or connections pass before it strikes. @default 0 */
  after?: number | undefined;
  /** It strikes at every so many-th call or connection only: 2 is every other one, as of two workers. @default 1 */
  every?: number | undefined;
  /** It strikes for so many milliseconds from its first time on, as a redeploy does. @default always */
  lastsMs?: number | undefined;
}

/** When in the life of a stream: the later of both, if both are given. */
export interface StreamMoment {
  /** After so many frames. @default 0 */
  afterFrames?: number | undefined;
  /** So many milliseconds after the opening. @default 0 */
  afterMs?: number | undefined;
}

/** The connection itself breaks, on any route, the upgrade to WebSocket included. */
export type ConnectionFault =
  /** Closed without an answer, nothing read. */
  | { type: 'refuse' }
  /**
   * Reset before the body is read (`before-body`), after it, with nothing done (`after-body`), or after the call
   * was carried out, its answer lost (`after-handling`).
   */
  | { type: 'reset'; at: 'before-body' | 'after-body' | 'after-handling' }
  /** Accepted and never answered: a black hole. */
  | { type: 'stall' }
  /** Answered so much later. */
  | { type: 'slow'; delayMs: number };

/** The answer is another one, on any route, the upgrade to WebSocket included. */
export type AnswerFault =
  /** Any status with any body; an object is sent as JSON, a text as `text/plain`. */
  | {
      type: 'status';
      status: number;
      body?: string | ByteArray | Readonly<Record<string, unknown>> | undefined;
      headers?: Readonly<Record<string, string>> | undefined;
      /** The `Retry-After` header: seconds, or an HTTP date. */
      retryAfter?: number | string | undefined;
      /** The call was carried out, and its own answer lost on the way, as of a proxy. @default false */
      carriedOut?: boolean | undefined;
    }
  /** An HTML page, as proxies send it; by default status 200. */
  | { type: 'html'; status?: number | undefined }
  /** The right answer, cut in the middle, its length declared accordingly. */
  | { type: 'truncated-json' }
  /** The right answer with so many bytes of padding; by default 65 MiB, more than a client reads. */
  | { type: 'oversized-json'; bytes?: number | undefined }
  /** The right answer without one of its fields. */
  | { type: 'without-field'; field: string }
  /** To a URL, or to the same file on the second origin; by default status 302, to the second origin. */
  | { type: 'redirect'; status?: 301 | 302 | 303 | 307 | 308 | undefined; to?: string | undefined };

/** The body of a download is not what it should be. */
export type DownloadFault =
  /** Closed before the byte at this offset of the file; a resumed download that starts behind it passes. */
  | { type: 'drop'; atByte: number }
  /** Ends in good order after so many bytes. With `declared: false` without a `Content-Length`. */
  | { type: 'short'; bytes: number; declared?: boolean | undefined }
  | { type: 'empty' }
  /** 200 and JSON where a video should be. */
  | { type: 'json'; body?: unknown }
  /** A resumed download finds another file: another `ETag` and `Last-Modified`, other bytes. */
  | { type: 'changed' }
  /** `If-Range` is not looked at: a part comes, whatever it is a part of. */
  | { type: 'ignore-if-range' }
  /** No `Accept-Ranges`, and `Range` is ignored. */
  | { type: 'no-ranges' }
  /** A part is never longer than so many bytes; with `unasked`, that is so where no part was asked for, too. */
  | { type: 'capped'; bytes: number; unasked?: boolean | undefined }
  /** What `Content-Range` says of the whole: another size, or `*`. */
  | { type: 'total'; total: number | '*' }
  /** No `Content-Length`: the body comes in chunks. */
  | { type: 'no-length' }
  /** No `ETag` and no `Last-Modified`. */
  | { type: 'no-validators' }
  /** No `ETag`, or one that only says that two files are alike (`W/"…"`). */
  | { type: 'no-etag' }
  | { type: 'weak-etag' }
  /** One byte in the middle is wrong. */
  | { type: 'corrupt' }
  /** The signed URL is over. */
  | { type: 'expired' }
  /** 404 (or `status`) for so many milliseconds after the job's end. */
  | { type: 'not-ready'; forMs: number; status?: number | undefined }
  /** So many bytes a second. */
  | { type: 'trickle'; bytesPerSecond: number };

/** An open stream misbehaves. Frames are counted from 0, greeting and acknowledgements included. */
export type StreamFault =
  /** Open, and silent from the given moment on. */
  | ({ type: 'mute' } & StreamMoment)
  /** Closed: a WebSocket with this code (1006: no close frame), SSE by the end of its body; by default 1001. */
  | ({ type: 'close'; code?: number | undefined; reason?: string | undefined } & StreamMoment)
  /** Gone without a FIN: nothing more is read or written, and the caller hears nothing. */
  | ({ type: 'half-open' } & StreamMoment)
  /** A frame that should not be there: bytes are sent as a binary frame. */
  | ({
      type: 'inject';
      frame: 'garbage' | 'binary' | 'oversized' | 'foreign-job' | { data: string | ByteArray };
    } & StreamMoment)
  /** Every update so many times; by default 2. */
  | { type: 'duplicate'; copies?: number | undefined }
  /** So many updates are held back and sent in reverse; by default 2. */
  | { type: 'disorder'; window?: number | undefined }
  /** Everything is told but the end. */
  | { type: 'drop-terminal' }
  /** Updates are lost: the first so many of a connection. */
  | { type: 'drop-updates'; first: number }
  /** WebSocket: JSON in binary frames, as relays send it that pass on what they got. */
  | { type: 'binary-frames' };

/** SSE only. */
export type EventStreamFault =
  | { type: 'content-type'; contentType: string }
  /** A buffering proxy: nothing is passed on for so long, with `headers` not even the header. */
  | { type: 'buffer'; forMs: number; headers?: boolean | undefined }
  /** The head of the answer comes with the first event only. */
  | { type: 'held-head' }
  /** A proxy that compresses: each event waits for the next. `identity` in `Accept-Encoding` helps, unless `always`. */
  | { type: 'held-events'; always?: boolean | undefined }
  /** Events with a name; by default the word for the status. */
  | { type: 'named-events'; name?: string | undefined }
  /** Another form of the same events, all of them allowed by the standard. */
  | {
      type: 'format';
      lineEnding?: '\n' | '\r\n' | '\r' | undefined;
      /** Comments as heartbeats. */
      commentEveryMs?: number | undefined;
      /** Written in pieces of so many bytes, a millisecond apart, in the middle of characters too. */
      splitEveryBytes?: number | undefined;
      /** A byte order mark first. */
      bom?: boolean | undefined;
    };

/** Something that goes wrong: where and how often, and what. */
export type MockFault = FaultScope &
  (ConnectionFault | AnswerFault | DownloadFault | StreamFault | EventStreamFault);
/** What can go wrong, by its name. */
export type MockFaultType = MockFault['type'];
/** @internal */
export type FaultOf<T extends MockFaultType> = Extract<MockFault, { type: T }>;
