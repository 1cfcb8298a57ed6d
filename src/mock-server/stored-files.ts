import { serveContent } from './content.js';
import { type MockJob, randomHex } from './job.js';
import { type MockFile, type MockVariant, mediaFile, patternFile } from './media/files.js';
import type { Call } from './routes.js';

/** The files of finished jobs, and the signed URLs that lead to them. */
export class StoredFiles {
  /** Where signed URLs and redirects lead; set by the code that opens the second origin. */
  origin = 'http://files.invalid';
  readonly #digest: boolean;
  readonly #urlKey = randomHex(16);
  readonly #files = new Map<string, MockFile>();

  constructor(digest: boolean) {
    this.#digest = digest;
  }

  async serve(call: Call, job: MockJob, variant: MockVariant): Promise<Response> {
    const file = this.#fileOf(job, variant);
    return serveContent(file, {
      request: call.exchange,
      faults: call.faults,
      filename: `video-${job.id.slice(0, 8).replaceAll(/[^\w.-]/g, '_')}.${file.extension}`,
      etag: `"${variant}-${file.size}-${job.createdAt.getTime().toString(16)}"`,
      lastModified: job.completedAt ?? job.createdAt,
      digest: this.#digest,
    });
  }

  /** A URL on the second origin that needs no credentials and expires. */
  signedUrl(job: MockJob, variant: MockVariant): string {
    const url = new URL(`/${variant}/${encodeURIComponent(job.id)}`, this.origin);
    url.searchParams.set('Expires', String(Date.now() + job.urlLifetimeMs));
    url.searchParams.set('Signature', this.#urlKey);
    return url.href;
  }

  /** Why a signed URL is refused; undefined where it is good. */
  problemOf(query: URLSearchParams): 'SignatureDoesNotMatch' | 'AccessDenied' | undefined {
    if (query.get('Signature') !== this.#urlKey) return 'SignatureDoesNotMatch';
    return Number(query.get('Expires')) <= Date.now() ? 'AccessDenied' : undefined;
  }

  #fileOf(job: MockJob, variant: MockVariant): MockFile {
    const size = variant === 'video' ? job.behaviour.videoBytes : undefined;
    const key = `${variant} ${size ?? ''}`;
    let file = this.#files.get(key);
    if (file === undefined) {
      file = size === undefined ? mediaFile(variant) : patternFile(size);
      this.#files.set(key, file);
    }
    return file;
  }
}
