import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CompletedJob, InputError, type VideoDownload } from '../index.js';
import { saveWithoutReplacing, targetOf } from './files.js';
import type { Display, Row } from './row.js';
import type { Session } from './session.js';
import { formatBytes, visible } from './text.js';

export interface SaveFlags {
  /** `-` is stdout. */
  readonly output?: string;
  readonly variant?: string;
}

export interface Saved {
  /** `-` is stdout. */
  readonly target: string;
  readonly bytes: number;
}

/** Downloads a finished job's video whole, its progress in the job's row. */
export async function saveVideo(
  { client, output, signal }: Session,
  job: string | CompletedJob,
  flags: SaveFlags,
  { display, row }: { readonly display: Display; readonly row: Row },
): Promise<Saved> {
  let bytes = 0;
  row.endedMs = undefined;
  row.message = '';
  row.status = 'downloading';
  try {
    const video = await client.download(job, {
      signal,
      variant: flags.variant,
      onProgress({ receivedBytes, totalBytes }) {
        bytes = receivedBytes;
        row.progress = totalBytes ? (100 * receivedBytes) / totalBytes : undefined;
        row.message = formatBytes(receivedBytes);
        display.show(row);
      },
    });
    const target = await place(video, flags.output);
    Object.assign(row, { status: 'saved', progress: 100 });
    const { contentType } = video;
    output.event({ type: 'saved', jobId: row.jobId, path: target, bytes, contentType });
    return { target, bytes };
  } catch (error) {
    row.status = 'stopped';
    throw error;
  } finally {
    row.endedMs = Date.now();
    display.show(row);
  }
}

/** After the display has ended: a line of its own. */
export function reportSaved({ output }: Session, { target, bytes }: Saved): void {
  if (target !== '-') output.result(`Saved ${visible(target)} (${formatBytes(bytes)})`);
}

/** Returns where it is. */
async function place(video: VideoDownload, output: string | undefined): Promise<string> {
  if (output === '-') {
    await toStdout(video);
    return output;
  }
  const { path, replaces } = await targetOf(output, video.filename);
  if (!replaces) return saveWithoutReplacing(path, (temporary) => video.save(temporary));
  await video.save(path);
  return path;
}

async function toStdout(video: VideoDownload): Promise<void> {
  await pipeline(Readable.fromWeb(video.stream() as Parameters<typeof Readable.fromWeb>[0]), process.stdout, {
    end: false,
  });
}

/** stdout is either for the video or for JSON. */
export function checkOutput(flags: SaveFlags & { readonly json?: boolean }): void {
  if (flags.output !== '-' || flags.json !== true) return;
  throw new InputError('--output', '--output - and --json both need stdout');
}
