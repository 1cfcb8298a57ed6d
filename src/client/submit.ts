import type { HttpRequest, HttpResponse } from '../backends/backend.js';
import { checkCall } from '../core/check-option.js';
import { applyUpdate } from '../core/job-state.js';
import { isTerminal, type JobSnapshot, type JobUpdate } from '../core/model.js';
import type { FollowingSettings, Logger } from '../core/settings.js';
import { ConfigurationError, SubmitOutcomeUnknownError, VideoError } from '../errors.js';
import { isAtStake } from '../http/failure.js';
import type { HttpClient, SubmitProgress } from '../http/types.js';
import type { ClientJobs, Posting, PostOptions, Sending } from '../jobs/jobs.js';
import { abortable, within } from '../runtime/abort.js';
import type { Aborts } from '../runtime/aborts.js';
import type { Runtime } from '../runtime/runtime.js';
import { type Calls, needsJobs } from './calls.js';
import type { Cancels } from './cancels.js';
import type { GenerateOptions } from './client-types.js';

export interface SubmitHost {
  readonly http: HttpClient;
  readonly runtime: Runtime;
  readonly aborts: Aborts;
  readonly calls: Calls;
  readonly cancels: Cancels;
  readonly logger: Logger;
  readonly settings: Pick<FollowingSettings, 'timeouts'>;
  /** Where records of jobs are kept. */
  readonly jobs: ClientJobs | undefined;
  /** Makes what is relative to the server absolute. */
  locate(update: JobUpdate): JobUpdate;
  askStatus(jobId: string, signal: AbortSignal): Promise<JobUpdate>;
}

/** What a backend says of one submit. */
export interface Submission {
  /** The caller's, and what it is for. */
  readonly input: unknown;
  readonly operation: string;
  encode(token?: string): HttpRequest | Promise<HttpRequest>;
  parse(response: HttpResponse, request: HttpRequest): JobUpdate;
}

export interface SubmitOptions extends Omit<GenerateOptions, 'onAbort'> {
  /** As for the caller; `finish` ends at an abort only what has not been sent, and waits for the answer else. */
  readonly onAbort?: GenerateOptions['onAbort'] | 'finish';
}

/** A job that was submitted, now or before under the same key. */
export interface Submitted {
  readonly snapshot: JobSnapshot;
  readonly key: string | undefined;
}

/** Sends a submit, and resolves with the job that its answer names. */
export async function submit(
  host: SubmitHost,
  submission: Submission,
  options: SubmitOptions,
): Promise<Submitted> {
  checkCall(options, undefined, 'idempotencyKey', 'onAbort', ...KEPT);
  const { onAbort = 'detach', signal } = options;
  const { aborts, calls, cancels, jobs } = host;
  checkOnAbort(onAbort, cancels);
  calls.refuseClosed(undefined);
  signal?.throwIfAborted();

  const sending = jobs
    ? jobs.submit({ ...submission, post: (...post) => send(host, submission, ...post) }, options)
    : send(host, submission, withoutRecord(options));
  let leave: (reason: unknown) => void = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = reject;
  });
  const over = calls.add(undefined, sending.end, () => closedError(sending));
  const stop = signal && aborts.listen(signal, abort);
  try {
    const snapshot = await Promise.race([sending.answer, left]);
    if (onAbort !== 'cancel' || signal === undefined) return { snapshot, key: sending.key };
    // Aborted since the answer came: it is being cancelled.
    signal.throwIfAborted();
    if (!isTerminal(snapshot.status)) cancels.watch(snapshot.id, signal, sending.abandon);
    return { snapshot, key: sending.key };
  } finally {
    over();
    stop?.();
  }

  function abort(reason: unknown): void {
    const isSent = sending.isAtStake();
    const isAlone = sending.abandon();
    if (onAbort === 'finish' && isSent) return;
    leave(reason);
    if (onAbort === 'cancel' && isSent && isAlone) {
      // It goes on behind the caller's back, since only its answer names the job to cancel.
      over();
      const cancelling = cancels.owe((life) => {
        life.addEventListener('abort', () => sending.end(life.reason));
        return cancels.cancelOwn(sending, life);
      });
      cancelling.catch(() => {});
    } else {
      sending.end(reason);
    }
  }
}

/** Options that say what the record of a job is to hold. */
const KEPT = ['key', 'group', 'metadata'] as const;

function withoutRecord(options: SubmitOptions): SubmitOptions {
  for (const name of KEPT) if (options[name] !== undefined) throw needsJobs(name);
  return options;
}

function send(
  host: SubmitHost,
  { encode, parse }: Submission,
  { idempotencyKey, onRepeat }: PostOptions,
  encoded?: HttpRequest,
): Posting {
  const { http, runtime } = host;
  const controller = new AbortController();
  const { signal } = controller;
  const progress: SubmitProgress = { onRepeat };
  const { requestMs } = host.settings.timeouts;
  const late = () => {
    throw new ConfigurationError(
      'backend',
      `backend, or a function of yours, took ${requestMs} ms before a submit was sent`,
    );
  };
  const answer = (async () => {
    const request =
      encoded ?? (await within(runtime, requestMs, abortable((async () => encode())(), signal), late));
    const { jobId } = request;
    let update: JobUpdate;
    try {
      const response = await http.send(request, { repeat: 'submit', signal, idempotencyKey, progress });
      try {
        update = host.locate(parse(response, request));
      } catch (error) {
        throw await http.misread(error, response);
      }
    } catch (error) {
      if (jobId === undefined || !(error instanceof SubmitOutcomeUnknownError)) throw error;
      // The id is ours: the server can say whether it has such a job.
      update = await host.askStatus(jobId, signal).catch(() => {
        signal.throwIfAborted();
        throw http.told(error, jobId);
      });
    }
    return applyUpdate(undefined, update, 'polling', runtime.now());
  })();
  answer.catch(() => {}); // Nobody may wait for it any more.
  return {
    answer,
    isAtStake: () => isAtStake(progress),
    isUnderWay: () => progress.failure?.status === 409,
    abandon: () => {
      progress.isAbandoned = true;
      return true;
    },
    end: (reason) => controller.abort(reason),
  };
}

function checkOnAbort(onAbort: unknown, cancels: Cancels): void {
  if (onAbort === 'cancel') cancels.checkSupported('onAbort', "Use onAbort: 'detach'.");
  else if (onAbort !== 'detach' && onAbort !== 'finish')
    throw new ConfigurationError('onAbort', "onAbort must be 'detach' or 'cancel'");
}

function closedError({ isAtStake, howToGoOn }: Sending): VideoError {
  const isSent = isAtStake();
  const when = isSent
    ? 'while a submit was under way, which may have made a job or not'
    : 'before a submit was sent';
  return new VideoError('closed', `the client was closed ${when}`, {
    hint: isSent
      ? (howToGoOn ??
        'A job may have been made, and paid for: look for it on the server before you generate again, or use the same idempotencyKey where it honours one.')
      : 'No job was made. Make a new VideoClient.',
  });
}
