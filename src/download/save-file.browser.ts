import { DownloadError } from '../errors.js';
import type { Saving } from './byte-source.js';
import { collectBytes } from './collect.js';
import { sanitizeFilename } from './filename.js';

/** How long a browser may take to begin with a download from a blob URL. */
const REVOKE_AFTER_MS = 60_000;

interface FilePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<{
    createWritable(): Promise<{
      write(data: Uint8Array<ArrayBuffer>): Promise<void>;
      truncate(size: number): Promise<void>;
      seek(position: number): Promise<void>;
      close(): Promise<void>;
      abort(): Promise<void>;
    }>;
  }>;
}

/**
 * Saves in a browser: through a save dialog, streamed to the disk, where there is one and a click allows it, else
 * as a download of the page, through memory.
 *
 * @throws DownloadError of code `download-not-saved`; an `AbortError` where the user closes the dialog.
 */
export async function saveFile(name: string, saving: Saving): Promise<void> {
  const suggestedName = sanitizeFilename(String(name)) || saving.filename;
  const file = await pickFile(suggestedName);
  if (file === undefined) return saveByLink(suggestedName, saving);
  const source = saving.open();
  const writable = await file.createWritable();
  try {
    for (;;) {
      const chunk = await source.read();
      if (chunk === undefined) break;
      if (chunk === 'restart') {
        await writable.truncate(0);
        await writable.seek(0);
      } else await writable.write(chunk);
    }
    // The file is replaced only now.
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  } finally {
    source.close();
  }
}

async function pickFile(suggestedName: string) {
  try {
    return await (globalThis as FilePicker).showSaveFilePicker?.({ suggestedName });
  } catch (error) {
    if ((error as { name?: unknown } | null)?.name === 'AbortError') throw error;
    // Not allowed now: too long after the last click, or in a frame.
    return undefined;
  }
}

async function saveByLink(name: string, saving: Saving): Promise<void> {
  if (globalThis.document === undefined) {
    throw new DownloadError(
      'download-not-saved',
      `the video of job ${saving.jobId} cannot be saved here: there is neither a page nor a file system`,
      { jobId: saving.jobId, hint: 'Use stream(), blob() or bytes().' },
    );
  }
  const bytes = await collectBytes(saving.open());
  const url = URL.createObjectURL(new Blob([bytes], { type: saving.contentType }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}
