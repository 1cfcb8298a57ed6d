/** Where a record stands. It never goes back, but for `refused`, whose key may be used again. */
export type JobRecordState = 'submitting' | 'refused' | 'submitted' | 'completed' | 'failed';

/**
 * What is kept of one job. Never in it: the input, credentials, headers, queries of URLs, the server's raw words, the
 * URL of the video, progress.
 */
export interface JobRecord {
  readonly version: 1;
  /** By which the caller knows the job: 1 to 255 printable ASCII characters, without spaces. */
  readonly key: string;
  /** Whose it is. */
  readonly group?: string | undefined;
  /** The backend's name. */
  readonly backend: string;
  /** Origin and path, without a slash at its end. */
  readonly baseUrl: string;
  readonly state: JobRecordState;
  /** Sent with the submit where the server honours it; in a callback URL, the token that nobody can guess. */
  readonly idempotencyKey: string;
  /** Of the caller's input and the name of the operation: finds mistakes, no more. 16 hex digits. */
  readonly inputDigest: string;
  /** The latest moment at which the answer to a submit can still come, in milliseconds since the epoch. */
  readonly decidedBy: number;
  /** The server's id, from `submitted` on. */
  readonly jobId?: string | undefined;
  /** Why it was refused or failed, at most 500 characters. */
  readonly error?: string | undefined;
  /** The caller's own, at most 4 kB as JSON. */
  readonly metadata?: unknown;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/**
 * A record that is being made, before anybody has it: what it may lack is set where it is there. Stores may not take a
 * field that is undefined, and spreading one that may be costs more than all else that is done with a record.
 */
export type RecordDraft = { -readonly [Name in keyof JobRecord]: JobRecord[Name] };
