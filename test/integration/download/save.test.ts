import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { VideoDownload } from '../../../src/core/video-download.js';
import type { ByteSource } from '../../../src/download/byte-source.js';
import { openDownload } from '../../../src/download/download.js';
import type { SaveFileSystem } from '../../../src/download/part-files.js';
import { saveFile } from '../../../src/download/save-file.js';
import { InputError } from '../../../src/errors.js';
import { systemRuntime } from '../../../src/runtime/system.js';
import { rejection } from '../../support/rejection.js';
import { eventually } from '../../support/until.js';
import { client, type Seen, serve } from '../http/support.js';

const video = Buffer.from(Array.from({ length: 3_500_000 }, (_, index) => (index * 31 + (index >> 8)) % 251));

let directory: string;
beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'reelwire-save-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fs.rm(directory, { recursive: true, force: true });
});

function download(baseUrl: string, signal?: AbortSignal): Promise<VideoDownload> {
  return openDownload(
    client(baseUrl),
    { jobId: 'job-1', fallbackName: 'job-1', places: async () => [{ method: 'GET', url: '/video' }] },
    {
      signal,
      notReadyMs: 1_000,
      requestMs: 2_000,
      retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 1_000 },
      runtime: systemRuntime(),
    },
  );
}

function send(seen: Seen, response: ServerResponse, options: { upTo?: number; headers?: object } = {}): void {
  const from = Number(/^bytes=(\d+)-$/.exec(seen.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-type': 'video/mp4',
    'content-length': video.length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${video.length - 1}/${video.length}` } : {}),
    ...(options.headers ?? { etag: '"v1"' }),
  });
  if (options.upTo === undefined) response.end(video.subarray(from));
  else response.write(video.subarray(from, options.upTo), () => setTimeout(() => response.destroy(), 20));
}

async function saved(name = 'out.mp4'): Promise<boolean> {
  return video.equals(await fs.readFile(join(directory, name)));
}

describe('save() in Node', () => {
  it('puts the whole file at the path, and nothing else beside it', async () => {
    const server = await serve((seen, response) => send(seen, response));
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);
    expect(server.seen).toHaveLength(1);
  });

  it('takes a path relative to where the process is', async () => {
    const server = await serve((seen, response) => send(seen, response));
    await (await download(server.url)).save(relative(process.cwd(), join(directory, 'out.mp4')));
    expect(await saved()).toBe(true);
  });

  it('replaces a file only when the new one is whole, and keeps its mode', async () => {
    const path = join(directory, 'out.mp4');
    await fs.writeFile(path, 'old', { mode: 0o600 });
    const broken = await serve((seen, response) => send(seen, response, { upTo: 2_000_000 }));
    expect(await rejection((await download(broken.url)).save(path))).toMatchObject({
      code: 'download-incomplete',
    });
    expect(await fs.readFile(path, 'utf8')).toBe('old');
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);

    const server = await serve((seen, response) => send(seen, response));
    await (await download(server.url)).save(path);
    expect(await saved()).toBe(true);
    expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
  });

  it('keeps the mode of a file that is wider than the umask', async () => {
    const path = join(directory, 'out.mp4');
    await fs.writeFile(path, 'old');
    await fs.chmod(path, 0o664);
    const server = await serve((seen, response) => send(seen, response));
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    await (await download(server.url)).save(path);
    expect((await fs.stat(path)).mode & 0o777).toBe(0o664);
    await (await download(server.url)).save(join(directory, 'new.mp4'));
    expect((await fs.stat(join(directory, 'new.mp4'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['has no chmod', undefined],
    [
      'throws at it',
      () => {
        throw new Error('Method not implemented.');
      },
    ],
    ['rejects it', () => Promise.reject(new Error('EPERM'))],
  ])('saves over a file where a handle %s, and leaves nothing beside it', async (_, chmod) => {
    const path = join(directory, 'out.mp4');
    await fs.writeFile(path, 'old');
    const pieces = [new Uint8Array(10), undefined];
    const open = () => ({ size: 10, read: async () => pieces.shift(), close() {} });
    const saving = { jobId: 'j', filename: 'x', contentType: 'video/mp4', open };
    await saveFile(path, saving, {
      ...fs,
      open: async (...args: Parameters<typeof fs.open>) =>
        Object.defineProperty(await fs.open(...args), 'chmod', { value: chmod }),
    } as SaveFileSystem);
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);
    expect(await fs.readFile(path, 'utf8')).not.toBe('old');
  });

  it('replaces what a link points at, not the link', async () => {
    await fs.writeFile(join(directory, 'real.mp4'), 'old');
    await fs.symlink(join(directory, 'real.mp4'), join(directory, 'link.mp4'));
    const server = await serve((seen, response) => send(seen, response));
    await (await download(server.url)).save(join(directory, 'link.mp4'));
    expect(await saved('real.mp4')).toBe(true);
    expect((await fs.lstat(join(directory, 'link.mp4'))).isSymbolicLink()).toBe(true);
  });

  it('resumes into the same file, and fetches no byte twice', async () => {
    let sent = 0;
    const server = await serve((seen, response, index) => {
      const from = Number(/^bytes=(\d+)-$/.exec(seen.headers.range ?? '')?.[1] ?? 0);
      sent += (index === 0 ? 1_234_567 : video.length) - from;
      send(seen, response, index === 0 ? { upTo: 1_234_567 } : {});
    });
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
    expect(sent).toBe(video.length);
  });

  it('starts over into the same file where the server cannot resume', async () => {
    const server = await serve((seen, response, index) =>
      index === 0
        ? response
            .writeHead(200, { 'content-length': video.length })
            // Other bytes, and more than one batch of them.
            .write(Buffer.alloc(2_500_000, 7), () => setTimeout(() => response.destroy(), 20))
        : send({ ...seen, headers: {} }, response, { headers: {} }),
    );
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);
    expect(server.seen[1]?.headers.range).toBeUndefined();
  });

  it('checks the SHA-256 the server gives before the file is there', async () => {
    const headers = { 'repr-digest': `sha-256=:${createHash('sha256').update(video).digest('base64')}:` };
    const server = await serve((seen, response) => send(seen, response, { headers }));
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
    const wrong = await serve((_seen, response) =>
      response.writeHead(200, headers).end(Buffer.alloc(100_000, 7)),
    );
    expect(await rejection((await download(wrong.url)).save(join(directory, 'wrong.mp4')))).toMatchObject({
      code: 'download-incomplete',
    });
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);
  });

  it('takes a checksum of S3 over several parts for none of the file', async () => {
    const other = createHash('sha256').update('the hashes of the parts').digest('base64');
    const headers = { 'x-amz-checksum-sha256': `${other}-3` };
    const server = await serve((seen, response) => send(seen, response, { headers }));
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
  });

  it('removes what it began when it is aborted, and rejects with the very reason', async () => {
    const server = await serve((_seen, response) => {
      response.writeHead(200, { 'content-length': video.length }).write(video.subarray(0, 2_000_000));
    });
    const controller = new AbortController();
    const reason = { my: 'reason' };
    const saving = (await download(server.url, controller.signal)).save(join(directory, 'out.mp4'));
    await eventually(async () => expect(await fs.readdir(directory)).toHaveLength(1));
    controller.abort(reason);
    expect(await rejection(saving)).toBe(reason);
    expect(await fs.readdir(directory)).toEqual([]);
    await eventually(() => expect(server.underWay()).toBe(0));
  });

  it('names the path where its directory is missing, and can then save elsewhere over the same connection', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const file = await download(server.url);
    const path = join(directory, 'missing', 'out.mp4');
    const error = await rejection(file.save(path));
    expect(error).toMatchObject({ name: 'DownloadError', code: 'download-not-saved', jobId: 'job-1' });
    expect((error as Error).message).toContain(`${path}: its directory does not exist (ENOENT)`);
    await file.save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
    expect(server.seen).toHaveLength(1);
  });

  it('does not replace a directory', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const error = await rejection((await download(server.url)).save(directory));
    expect(error).toMatchObject({ code: 'download-not-saved' });
    expect((error as Error).message).toContain(directory);
    expect(await fs.readdir(directory)).toEqual([]);
  });

  // As a device is none; one of this machine's might be gone for good where this fails.
  it('does not replace a pipe, which is no regular file', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const server = await serve((seen, response) => send(seen, response));
    const error = await rejection((await download(server.url)).save(pipe));
    expect(error).toMatchObject({ code: 'download-not-saved' });
    expect((error as Error).message).toContain(`${pipe}: it is not a regular file`);
    expect((await fs.stat(pipe)).isFIFO()).toBe(true);
    expect(await fs.readdir(directory)).toEqual(['pipe']);
  });

  it.each(['', 'a\0b'])('refuses the path %j before it reads anything', async (path) => {
    const server = await serve((seen, response) => send(seen, response));
    expect(await rejection((await download(server.url)).save(path))).toBeInstanceOf(InputError);
  });

  it('escapes a path that would forge a line of a log', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const error = await rejection((await download(server.url)).save(join(directory, 'no\nsuch', 'x.mp4')));
    expect((error as Error).message).toContain('no\\u{a}such');
  });

  it('says that it is not permitted where the directory cannot be written to', async () => {
    const script = `
      import { saveFile } from './src/download/save-file.ts';
      process.setuid(65534);
      const open = () => { throw new Error('read before the place was known to be good'); };
      await saveFile(process.argv[1], { jobId: 'j', filename: 'x', contentType: 'video/mp4', open }).catch((e) => console.log(e.message));
    `;
    if (process.getuid?.() === 0) {
      await fs.chmod(directory, 0o755);
      const printed = execFileSync(process.execPath, [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        script,
        join(directory, 'x.mp4'),
      ]);
      expect(printed.toString()).toContain('x.mp4: not permitted (EACCES)');
    } else {
      await fs.chmod(directory, 0o555);
      const saving = {
        jobId: 'j',
        filename: 'x',
        contentType: 'video/mp4',
        open: () => expect.unreachable(),
      };
      expect(await rejection(saveFile(join(directory, 'x.mp4'), saving))).toMatchObject({
        message: expect.stringContaining('x.mp4: not permitted (EACCES)'),
      });
      await fs.chmod(directory, 0o755);
    }
    expect(await fs.readdir(directory)).toEqual([]);
  });
});

describe('a file system in trouble', () => {
  function source(): ByteSource & { closed: number } {
    let sent = 0;
    return {
      size: 4_000_000,
      closed: 0,
      async read() {
        if (sent === 4_000_000) return undefined;
        sent += 100_000;
        return new Uint8Array(100_000);
      },
      close() {
        this.closed++;
      },
    };
  }

  async function saveWith(fileSystem: Partial<SaveFileSystem>): Promise<{ error: unknown; closed: number }> {
    const bytes = source();
    const saving = { jobId: 'job-1', filename: 'x.mp4', contentType: 'video/mp4', open: () => bytes };
    const error = await rejection(saveFile(join(directory, 'out.mp4'), saving, { ...fs, ...fileSystem }));
    return { error, closed: bytes.closed };
  }

  it('of a full disk is told by the path, and leaves nothing', async () => {
    // The device that is always full stands in for the disk: writing to it fails as a full disk does.
    const { error, closed } = await saveWith({ open: async () => fs.open('/dev/full', 'w') });
    expect(error).toMatchObject({ code: 'download-not-saved', jobId: 'job-1' });
    expect((error as Error).message).toContain(`${join(directory, 'out.mp4')}: the disk is full (ENOSPC)`);
    expect(closed).toBe(1);
    expect(await fs.readdir(directory)).toEqual([]);
  });

  it.each(['sync', 'writev', 'close'] as const)('in %s leaves nothing', async (method) => {
    const { error } = await saveWith({
      open: async (...args) => {
        const handle = await fs.open(...args);
        vi.spyOn(handle, method).mockRejectedValueOnce(
          Object.assign(new Error('input/output error'), { code: 'EIO' }),
        );
        return handle;
      },
    });
    expect(error).toMatchObject({ code: 'download-not-saved' });
    expect(await fs.readdir(directory)).toEqual([]);
  });

  it('in the last rename leaves nothing, and what was there stays', async () => {
    await fs.writeFile(join(directory, 'out.mp4'), 'old');
    const { error } = await saveWith({
      rename: async () => Promise.reject(Object.assign(new Error('x'), { code: 'EPERM' })),
    });
    expect((error as Error).message).toContain('not permitted (EPERM)');
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);
    expect(await fs.readFile(join(directory, 'out.mp4'), 'utf8')).toBe('old');
  });

  it('that writes less than it was given is asked to write the rest', async () => {
    const bytes = source();
    const saving = { jobId: 'job-1', filename: 'x.mp4', contentType: 'video/mp4', open: () => bytes };
    await saveFile(join(directory, 'out.mp4'), saving, {
      ...fs,
      open: async (...args: Parameters<typeof fs.open>) => {
        const handle = await fs.open(...args);
        const writev = handle.writev.bind(handle);
        vi.spyOn(handle, 'writev').mockImplementation(async (chunks, at) => {
          const some = Buffer.concat(chunks as Uint8Array[]).subarray(0, 333_333);
          return { ...(await writev([some], at)), buffers: chunks };
        });
        return handle;
      },
    } as SaveFileSystem);
    expect((await fs.stat(join(directory, 'out.mp4'))).size).toBe(4_000_000);
  });
});

// Programs are started, which takes its time where much else runs.
describe('a part file', { timeout: 60_000 }, () => {
  const part = /^\.out\.mp4\.[\da-f]{8}-[\da-f]{4}-\d+-[\da-f]{6}\.part$/;

  /** A process of its own that saves, and is ended by `signal` once bytes are on the disk. */
  async function killedBy(signal: NodeJS.Signals, listens = ''): Promise<NodeJS.Signals | number | null> {
    const server = await serve((_seen, response) => {
      response.writeHead(200, { 'content-length': video.length }).write(video.subarray(0, 1_500_000));
    });
    const script = `
      import { VideoClient } from './src/index.ts';
      ${listens}
      const client = new VideoClient({ baseUrl: '${server.url}' });
      await (await client.download('job-1')).save(process.argv[1]);
    `;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script, join(directory, 'out.mp4')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
      child.on('exit', (code, by) => resolve(by ?? code)),
    );
    await eventually(async () =>
      expect((await fs.readdir(directory)).some((name) => part.test(name))).toBe(true),
    );
    child.kill(signal);
    return ended;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is removed at %s, which ends the process as ever',
    async (signal) => {
      expect(await killedBy(signal)).toBe(signal);
      expect(await fs.readdir(directory)).toEqual([]);
    },
  );

  it('is removed, and the process ended, where another copy of the package saves as well', async () => {
    const copy = `
      const copy = await import('./src/download/remove-at-exit.ts?copy');
      copy.removeAtExit(process.argv[1] + '.other', () => {});
    `;
    expect(await killedBy('SIGINT', copy)).toBe('SIGINT');
    expect(await fs.readdir(directory)).toEqual([]);
  });

  it('is removed where a listener of the program ends the process', async () => {
    expect(await killedBy('SIGINT', `process.on('SIGINT', () => process.exit(7));`)).toBe(7);
    expect(await fs.readdir(directory)).toEqual([]);
  });

  it('of a killed process is named after target and job, and removed by the next save of the same', async () => {
    expect(await killedBy('SIGKILL')).toBe('SIGKILL');
    const left = await fs.readdir(directory);
    expect(left).toEqual([expect.stringMatching(part)]);
    const server = await serve((seen, response) => send(seen, response));
    await (await download(server.url)).save(join(directory, 'other.mp4'));
    expect(await fs.readdir(directory)).toEqual([...left, 'other.mp4'].sort());
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect((await fs.readdir(directory)).sort()).toEqual(['other.mp4', 'out.mp4']);
    expect(await saved()).toBe(true);
  });

  it('of a save that is under way is left to it: both end whole', async () => {
    const server = await serve((seen, response) => send(seen, response));
    const files = await Promise.all([download(server.url), download(server.url)]);
    await Promise.all(files.map((file) => file.save(join(directory, 'out.mp4'))));
    expect(await fs.readdir(directory)).toEqual(['out.mp4']);
    expect(await saved()).toBe(true);
  });

  it('leaves no listener on the process when nothing is saved any more', async () => {
    const count = () => ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name));
    const before = count();
    const server = await serve((seen, response) => send(seen, response));
    await Promise.all(
      Array.from({ length: 15 }, async (_, index) =>
        (await download(server.url)).save(join(directory, `${index}.mp4`)),
      ),
    );
    expect(count()).toEqual(before);
  });
});

describe('the place to save to', () => {
  it('stays a link where what it points at is not there yet, through several of them', async () => {
    await fs.mkdir(join(directory, 'store'));
    await fs.symlink(join(directory, 'store/v.mp4'), join(directory, 'second'));
    await fs.symlink('second', join(directory, 'out.mp4'));
    const server = await serve((seen, response) => send(seen, response));
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect((await fs.lstat(join(directory, 'out.mp4'))).isSymbolicLink()).toBe(true);
    expect(await saved('store/v.mp4')).toBe(true);
  });

  it.each([
    ['a loop of links', 'loop', /links lead nowhere/],
    ['a name that no file system takes', 'x'.repeat(300), /too long/],
    ['the name of a directory', 'new/', /directory/],
    ['below a file', 'file/x.mp4', /not a directory/],
  ])('is refused before anything is read where it is %s', async (_what, name, words) => {
    await fs.symlink('loop', join(directory, 'loop'));
    await fs.writeFile(join(directory, 'file'), 'x');
    const open = () => expect.unreachable();
    const saving = { jobId: 'j', filename: 'x', contentType: 'video/mp4', open };
    const error = await rejection(saveFile(`${directory}/${name}`, saving));
    expect(error).toMatchObject({ code: 'download-not-saved' });
    expect((error as Error).message).toMatch(words);
    expect((await fs.readdir(directory)).sort()).toEqual(['file', 'loop']);
  });

  it('is renamed to again where Windows forbids it for a moment', async () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    const server = await serve((seen, response) => send(seen, response));
    const file = await download(server.url);
    let tries = 0;
    const bytes = await file.bytes();
    const pieces = [new Uint8Array(bytes), undefined];
    const saving = {
      jobId: 'j',
      filename: 'x',
      contentType: 'video/mp4',
      open: () => ({ size: undefined, read: async () => pieces.shift(), close() {} }),
    };
    await saveFile(join(directory, 'out.mp4'), saving, {
      ...fs,
      rename: async (from, to) => {
        if (++tries < 3) throw Object.assign(new Error('x'), { code: tries === 1 ? 'EPERM' : 'EBUSY' });
        return fs.rename(from, to);
      },
    });
    expect(tries).toBe(3);
    expect(await saved()).toBe(true);
  });

  it('of a file system that writes nothing and says nothing is an error, not a hang', async () => {
    const pieces = [new Uint8Array(10), undefined];
    const saving = {
      jobId: 'j',
      filename: 'x',
      contentType: 'video/mp4',
      open: () => ({ size: 10, read: async () => pieces.shift(), close() {} }),
    };
    const error = await rejection(
      saveFile(join(directory, 'out.mp4'), saving, {
        ...fs,
        open: async (...args: Parameters<typeof fs.open>) => {
          const handle = await fs.open(...args);
          vi.spyOn(handle, 'writev').mockResolvedValue({ bytesWritten: 0, buffers: [] });
          return handle;
        },
      } as SaveFileSystem),
    );
    expect(error).toMatchObject({ code: 'download-not-saved' });
  });

  it('has its directory synced after the rename', async () => {
    const synced: string[] = [];
    const pieces = [new Uint8Array(10), undefined];
    const saving = {
      jobId: 'j',
      filename: 'x',
      contentType: 'video/mp4',
      open: () => ({ size: 10, read: async () => pieces.shift(), close() {} }),
    };
    await saveFile(join(directory, 'out.mp4'), saving, {
      ...fs,
      open: async (path: string, ...rest: [string, number?]) => {
        const handle = await fs.open(path, ...rest);
        const sync = handle.sync.bind(handle);
        vi.spyOn(handle, 'sync').mockImplementation(() => {
          synced.push(path);
          return sync();
        });
        return handle;
      },
    } as SaveFileSystem);
    expect(synced.at(-1)).toBe(directory);
    expect(synced).toHaveLength(2);
  });

  it('checks the hash of the second file alone where it began again', async () => {
    const sha256 = createHash('sha256').update(video).digest('base64');
    const server = await serve((_seen, response, index) => {
      response.writeHead(200, { 'content-length': video.length, 'repr-digest': `sha-256=:${sha256}:` });
      if (index > 0) response.end(video);
      else response.write(Buffer.alloc(100_000, 5), () => setTimeout(() => response.destroy(), 20));
    });
    await (await download(server.url)).save(join(directory, 'out.mp4'));
    expect(await saved()).toBe(true);
  });
});
