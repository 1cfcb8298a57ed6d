/** `queued → processing → completed | failed`, for every dialect. */
export type JobStatus = 'queued' | 'processing' | 'completed' | 'failed';

/** The ways a job is followed, best first. */
export const TRANSPORTS = ['websocket', 'sse', 'polling'] as const;
/** The name of one of them. */
export type TransportName = (typeof TRANSPORTS)[number];

/** Where a snapshot came from. `polling` is any status call, and the answer to generate. */
export type SnapshotSource = TransportName | 'webhook';

interface SnapshotBase {
  readonly id: string;
  /** 0–100; never falls. */
  readonly progress: number;
  /** The server's own words on what it is doing. */
  readonly message?: string;
  /** When this client last learned something new about the job. */
  readonly updatedAt: Date;
  readonly transport: SnapshotSource;
  /** What the server sent, as parsed. Untrusted. */
  readonly raw: unknown;
}

/** A job that has not ended. */
export interface PendingJob extends SnapshotBase {
  readonly status: 'queued' | 'processing';
  /** True until the server has given a percentage above 0 and below 100: `progress` says nothing yet. */
  readonly indeterminate?: true;
  /** The server's own number, while the job is queued. May rise. */
  readonly queuePosition?: number;
  readonly error?: undefined;
}

/** A job whose video is there. */
export interface CompletedJob extends SnapshotBase {
  readonly status: 'completed';
  readonly indeterminate?: undefined;
  readonly error?: undefined;
  /** Where the server says the video is. May need credentials, and may expire: prefer `download()`. */
  readonly videoUrl?: string;
  /** All files, where the server names several; `download(job, { output: 1 })` has the second. */
  readonly outputs?: readonly JobOutput[];
  /** Why the video will never come, in the server's words: it was deleted there. */
  readonly gone?: string;
  /** When the video, or its URL, goes away. */
  readonly expiresAt?: Date;
}

/** A job that ended without a video. */
export interface FailedJob extends SnapshotBase {
  readonly status: 'failed';
  readonly indeterminate?: undefined;
  /** The server's reason, in its own words; empty where it gave none. */
  readonly error: string;
  /** The server's machine-readable reason, where the dialect has one. */
  readonly errorCode?: string;
}

/** One of the files of a completed job. */
export interface JobOutput {
  /** May need credentials, and may expire. */
  readonly url: string;
  /** Such as `video/mp4`. */
  readonly type?: string | undefined;
  readonly name?: string | undefined;
}

/** What is known of a job at one moment. Immutable; switch on `status`. */
export type JobSnapshot = PendingJob | CompletedJob | FailedJob;

/** One thing a server said about a job, in our words. Every field but the id may be missing. */
export interface JobUpdate {
  readonly jobId: string;
  /** Missing if the server gave none, or an unknown word. */
  readonly status?: JobStatus | undefined;
  /** The server's word, if it is unknown: warned about once, never acted on. */
  readonly unknownStatus?: string | undefined;
  readonly progress?: number | undefined;
  readonly message?: string | undefined;
  readonly error?: string | undefined;
  readonly errorCode?: string | undefined;
  /** The server's own number; only looked at while the job is queued. */
  readonly queuePosition?: number | undefined;
  /** As the server gave it: may be relative to the base URL. Default: the first of `outputs`. */
  readonly videoUrl?: string | undefined;
  readonly outputs?: readonly JobOutput[] | undefined;
  /** Completed, and its file will never come: the server's words. `download` rejects at once with them. */
  readonly gone?: string | undefined;
  /**
   * Of an end that a stream tells: the status knows more of it, such as where the files are. It is asked, and where no
   * answer comes within two seconds, this is told as it is.
   */
  readonly isPartial?: true | undefined;
  /** "No such job", said by an answer that is a success: as a 404 is taken. `message` has the words. */
  readonly missing?: true | undefined;
  /** @internal It took more than the status call to learn this: no stream need have said it. */
  readonly isFollowUp?: true | undefined;
  readonly expiresAt?: Date | undefined;
  readonly raw: unknown;
}

/** What one frame of a stream means. */
export type StreamMessage =
  /** Something about a job. */
  | { readonly type: 'update'; readonly update: JobUpdate }
  /** A greeting or an acknowledgement: it proves the stream, and says nothing else. */
  | { readonly type: 'control' }
  /** Something has changed, and the stream does not say what: the job's status is asked, or that of all. */
  | { readonly type: 'ask'; readonly jobId?: string | undefined }
  /** Unusable, or a protocol error. Where it names a job, that job alone is asked. */
  | { readonly type: 'problem'; readonly message: string; readonly jobId?: string | undefined };

/** Something is odd, and following goes on. */
export interface JobWarning {
  readonly code:
    | 'unknown-status'
    | 'bad-frame'
    | 'server-error'
    | 'transport-lied'
    | 'credentials'
    | 'status-failed'
    | 'no-transport'
    | 'mixed-content';
  /** A whole sentence. */
  readonly message: string;
  readonly jobId: string;
  readonly error?: unknown;
}

/** Which transport brings a job's updates now, and why it is no longer the one before. */
export interface TransportChange {
  readonly jobId: string;
  /** Undefined while none serves. */
  readonly transport: TransportName | undefined;
  readonly previous: TransportName | undefined;
  /** Such as `WebSocket refused (ECONNREFUSED)`. */
  readonly reason: string;
}

/** A verified webhook delivery, in the same words for every dialect. */
export type WebhookEvent =
  | {
      /** The signed id of the delivery where the scheme has one, else a digest of its body. */
      readonly id: string;
      readonly type: `job.${JobStatus}`;
      readonly jobId: string;
      readonly snapshot: JobSnapshot;
      readonly timestamp: Date;
      readonly raw: unknown;
    }
  | {
      readonly id: string;
      /** A verified event that says nothing about a job we understand. */
      readonly type: 'unknown';
      readonly jobId?: string;
      readonly snapshot?: undefined;
      readonly timestamp: Date;
      readonly raw: unknown;
    };

export function isTerminal(status: JobStatus | undefined): status is 'completed' | 'failed' {
  return status === 'completed' || status === 'failed';
}

export function isEnd(snapshot: JobSnapshot): snapshot is CompletedJob | FailedJob {
  return isTerminal(snapshot.status);
}
