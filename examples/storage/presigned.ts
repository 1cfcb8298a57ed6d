import type { VideoDownload } from 'reelwire';

/**
 * Puts a video to a URL that was signed for a `PUT`, as a bucket's owner hands out: no key of the bucket is needed here.
 * The URL must have been signed for the same `content-type`, or for none.
 *
 * A bucket keeps nothing of a body that is shorter than its `content-length`. So where the video breaks off there is no
 * object.
 */
export async function putVideo(url: string, video: VideoDownload, signal?: AbortSignal): Promise<void> {
  // S3 takes no body without a length: where the server did not tell the video's, it is read first.
  const body = video.size === undefined ? await video.bytes() : video.stream();
  const contentLength = body instanceof Uint8Array ? body.byteLength : video.size;
  const init: RequestInit & { duplex: 'half' } = {
    method: 'PUT',
    headers: { 'content-type': video.contentType, 'content-length': String(contentLength) },
    body,
    duplex: 'half',
    ...(signal !== undefined && { signal }),
  };
  const response = await fetch(url, init);
  // Its words, never its URL: who has that may write to the bucket.
  if (!response.ok) throw new Error(`the bucket answered ${response.status}: ${await response.text()}`);
}
