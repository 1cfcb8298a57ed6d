import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { VideoDownload } from 'reelwire';

/** Where a video goes. */
export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Puts a video into a bucket while it arrives: nothing of it touches the disk, and no more of it is in memory than the
 * parts that are on their way.
 *
 * `stream()` ends with an error, and not in good order, where the video is not whole. Then the upload is aborted, and
 * there is no object: half a video never has the name of one.
 */
export async function uploadVideo(
  s3: S3Client,
  { bucket, key }: StoredObject,
  video: VideoDownload,
  signal: AbortSignal,
): Promise<void> {
  const body = Readable.from(video.stream(), { objectMode: false });
  const upload = new Upload({
    client: s3,
    params: { Bucket: bucket, Key: key, Body: body, ContentType: video.contentType },
  });
  const abort = () => void upload.abort();
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    await upload.done();
  } finally {
    signal.removeEventListener('abort', abort);
    body.destroy(); // Where the bucket refused it, the video need not come any further.
  }
}
