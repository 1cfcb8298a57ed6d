import type { StreamFailure } from '../core/follow-model.js';
import type { JobFollower } from '../core/follower.js';
import type { JobUpdate, SnapshotSource, StreamMessage } from '../core/model.js';
import type { VideoError } from '../errors.js';

/** @internal Follows any number of jobs to their ends. */
export interface Follower extends JobFollower {
  /** Something learned elsewhere, such as from a webhook. Ignored where nobody follows the job. */
  ingest(update: JobUpdate, source: SnapshotSource): void;
  /** Ends everything; every sink is told `stopped` with this error made for its job. */
  close(error: (jobId: string) => VideoError): void;
}

/** What one connection of a stream tells. Nothing after `failed`, and nothing after it was closed. */
export interface StreamEvents {
  /** It is open, and carries these jobs. Again when it carries more, or anew. */
  opened(jobIds: readonly string[]): void;
  /** A frame, or (as `control`) bytes that are none, such as a heartbeat. */
  said(message: StreamMessage): void;
  /** It goes on, and carries this job no longer. */
  dropped(jobId: string): void;
  /** It could not be opened, or is open no longer; it has cleaned up after itself. */
  failed(failure: StreamFailure): void;
}

/** One connection, or an attempt at one. */
export interface StreamConnection {
  subscribe(jobId: string): void;
  unsubscribe(jobId: string): void;
  /** Safe to call twice. */
  close(): void;
}

/** The port behind which the streams are: makes one attempt, for these jobs at first. Never throws. */
export type ConnectStream = (jobIds: readonly string[], events: StreamEvents) => StreamConnection;

/**
 * What a frame means to a codec, which may be the caller's own: where it throws, or gives what is no message, the
 * frame is dropped and the stream goes on. A byte order mark in front, as some servers write it, is no part of it.
 */
export function readFrame(text: string, parse: (text: string) => StreamMessage): StreamMessage {
  try {
    const message = parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    const { type } = message;
    if (type === 'control' || (type === 'update' && message.update.jobId !== undefined)) return message;
    if (type === 'ask' || (type === 'problem' && typeof message.message === 'string')) return message;
  } catch {
    // Told as any other that cannot be read.
  }
  return { type: 'problem', message: 'The backend could not read a frame; it was dropped.' };
}

/** HTTP/1.1 has six connections to a host in a browser: one is left to open anew, one to ask. */
export const MAX_STREAMS = 4;

/** A frame larger than this is refused, in UTF-16 code units or bytes. */
export const MAX_FRAME_SIZE = 2 ** 20;
