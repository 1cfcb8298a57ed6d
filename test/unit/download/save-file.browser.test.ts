import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ByteSource, Saving } from '../../../src/download/byte-source.js';
import { saveFile } from '../../../src/download/save-file.browser.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Piece = string | 'restart' | Error;

function saving(...pieces: Piece[]): Saving & { opened: number; closed: number } {
  return {
    jobId: 'job-1',
    filename: 'from-server.mp4',
    contentType: 'video/mp4',
    opened: 0,
    closed: 0,
    open(): ByteSource {
      this.opened++;
      const left = [...pieces];
      return {
        size: undefined,
        read: async () => {
          const piece = left.shift();
          if (piece instanceof Error) throw piece;
          return piece === undefined || piece === 'restart' ? piece : new TextEncoder().encode(piece);
        },
        close: () => {
          this.closed++;
        },
      };
    },
  };
}

/** The file that a save dialog gives, with what was written to it. */
function stubPicker() {
  const file = { written: '', state: 'open', suggestedName: '' };
  vi.stubGlobal('showSaveFilePicker', async ({ suggestedName }: { suggestedName: string }) => {
    file.suggestedName = suggestedName;
    return {
      createWritable: async () => ({
        write: async (data: Uint8Array) => {
          file.written += new TextDecoder().decode(data);
        },
        truncate: async () => {
          file.written = '';
        },
        seek: async () => {},
        close: async () => {
          file.state = 'closed';
        },
        abort: async () => {
          file.state = 'aborted';
        },
      }),
    };
  });
  return file;
}

/** A page with just enough of a document to click a link. */
function stubPage() {
  const clicked: { href: string; download: string }[] = [];
  vi.stubGlobal('document', {
    body: { append: () => {} },
    createElement: () => ({
      href: '',
      download: '',
      click() {
        clicked.push({ href: this.href, download: this.download });
      },
      remove: () => {},
    }),
  });
  return clicked;
}

describe('save() in a browser', () => {
  it('streams into the file of the save dialog, under a harmless name', async () => {
    const file = stubPicker();
    const bytes = saving('ab', 'cd');
    await saveFile('../x.mp4', bytes);
    expect(file).toEqual({ written: 'abcd', state: 'closed', suggestedName: 'x.mp4' });
    expect(bytes.closed).toBe(1);
  });

  it('begins again in the same file where the download does', async () => {
    const file = stubPicker();
    await saveFile('', saving('wrong', 'restart', 'right'));
    expect(file).toEqual({ written: 'right', state: 'closed', suggestedName: 'from-server.mp4' });
  });

  it('leaves the file as it was where the download fails', async () => {
    const file = stubPicker();
    const bytes = saving('ab', new Error('lost'));
    await expect(saveFile('x.mp4', bytes)).rejects.toThrow('lost');
    expect(file.state).toBe('aborted');
    expect(bytes.closed).toBe(1);
  });

  it('rejects where the user closes the dialog, and reads nothing', async () => {
    const closed = new DOMException('The user aborted a request.', 'AbortError');
    vi.stubGlobal('showSaveFilePicker', () => Promise.reject(closed));
    const bytes = saving('ab');
    await expect(saveFile('x.mp4', bytes)).rejects.toBe(closed);
    expect(bytes.opened).toBe(0);
  });

  it('becomes a download of the page where a dialog is not allowed, and frees the memory later', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('showSaveFilePicker', () => Promise.reject(new DOMException('no click', 'SecurityError')));
    const clicked = stubPage();
    const blobs: Blob[] = [];
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      blobs.push(blob as Blob);
      return 'blob:1';
    });
    const revoke = vi.spyOn(URL, 'revokeObjectURL').mockImplementation(() => {});
    await saveFile('x.mp4', saving('ab', 'cd'));
    expect(clicked).toEqual([{ href: 'blob:1', download: 'x.mp4' }]);
    expect(await blobs[0]?.text()).toBe('abcd');
    expect(blobs[0]?.type).toBe('video/mp4');
    expect(revoke).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect(revoke).toHaveBeenCalledWith('blob:1');
  });

  it('says what to use instead where there is no page', async () => {
    await expect(saveFile('x.mp4', saving('ab'))).rejects.toMatchObject({
      code: 'download-not-saved',
      jobId: 'job-1',
      hint: expect.stringContaining('stream()'),
    });
  });
});
