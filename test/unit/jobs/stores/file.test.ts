import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigurationError } from '../../../../src/errors.js';
import { later, recordOf, storeAt } from '../../../../src/jobs/contract/check.js';
import { fileJobs } from '../../../../src/jobs/node.js';
import type { JobRecord } from '../../../../src/jobs/record.js';
import type { JobStoreQuery } from '../../../../src/jobs/store.js';
import { FileJobStore } from '../../../../src/jobs/stores/file.js';
import { testJobStore } from '../../../../src/jobs/testing.js';

vi.mock('node:fs/promises', { spy: true });

const DAY_MS = 86_400_000;

let folder: string;
let store: FileJobStore;

beforeEach(async () => {
  vi.resetAllMocks();
  const parent = await fs.mkdtemp(join(tmpdir(), 'reelwire-files-'));
  onTestFinished(() => fs.rm(parent, { recursive: true, force: true }));
  folder = join(parent, 'videos');
  store = new FileJobStore(folder);
});

const files = async () => (await fs.readdir(folder)).sort();
const age = (name: string, byMs: number) => {
  const at = (Date.now() - byMs) / 1_000;
  return fs.utimes(join(folder, name), at, at);
};

async function listed(of = store, query?: JobStoreQuery): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const record of of.list(query)) found.push(record);
  return found;
}

/** What the system would say. */
const failure = (code: string) => Object.assign(new Error(`${code}: no`), { code });

describe('a key that is refused again and again', () => {
  const metadata = 'm'.repeat(4_000);
  const refusedOften = async (times: number) => {
    for (let index = 0; index < times; index++)
      await storeAt(store, recordOf({ key: 'a', idempotencyKey: `idem-${index}`, metadata }), {
        state: 'refused',
      });
    return recordOf({ key: 'a', metadata });
  };
  /** Runs an act just before the file is replaced, which then waits for it. */
  const beforeReplacing = async (act: () => unknown) => {
    const { rename } = await vi.importActual<typeof fs>('node:fs/promises');
    vi.mocked(fs.rename).mockImplementationOnce(async (...paths) => {
      await act();
      return rename(...paths);
    });
  };

  it('has a file that does not grow without end, and can be used on', async () => {
    const record = await refusedOften(60);
    expect((await fs.stat(join(folder, 'a.jsonl'))).size).toBeLessThan(100_000);
    expect(await store.add(record)).toEqual(record);
    expect(await new FileJobStore(folder).get('a')).toEqual(record);
    expect(await files()).toEqual(['a.jsonl']);
  });

  it.each([
    ['cannot be linked', () => vi.mocked(fs.link)],
    ['cannot be renamed', () => vi.mocked(fs.rename)],
  ])('has one that grows where it %s', async (_, method) => {
    const record = await refusedOften(8);
    method().mockClear().mockRejectedValue(failure('EPERM'));
    expect(await store.add(record)).toEqual(record);
    expect(method()).toHaveBeenCalledOnce();
    expect(await store.get('a')).toEqual(record);
    expect(await files()).toEqual(['a.jsonl']);
  });

  it('loses nothing that another process writes just before the file begins anew', async () => {
    const record = await refusedOften(8);
    const submitted = later(record, { state: 'submitted', jobId: 'job-1' });
    await beforeReplacing(() => new FileJobStore(folder).put(submitted));
    await store.add(record);
    expect(fs.rename).toHaveBeenCalled();
    expect(await store.get('a')).toEqual(submitted);
    expect(await files()).toEqual(['a.jsonl']);
  });

  it('loses nothing that another process is about to write while the file begins anew', async () => {
    const record = await refusedOften(8);
    const submitted = later(record, { state: 'submitted', jobId: 'job-1' });
    const { open } = await vi.importActual<typeof fs>('node:fs/promises');
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let putting: Promise<void> | undefined;
    await beforeReplacing(async () => {
      const opened = new Promise<void>((resolve) => {
        vi.mocked(fs.open).mockImplementation(async (...file) => {
          const handle = await open(...file);
          if (typeof file[1] !== 'number') return handle;
          resolve();
          await held;
          return handle;
        });
      });
      putting = new FileJobStore(folder).put(submitted);
      await opened;
    });
    await store.add(record);
    release();
    await putting;
    expect(await store.get('a')).toEqual(submitted);
  });
});

describe('the folder of a store', () => {
  it('is made with the first record, for its owner alone, and read where it is not there yet', async () => {
    expect([await listed(), await store.get('a')]).toEqual([[], undefined]);
    await store.put(recordOf());
    await store.delete('a');
    await expect(fs.stat(folder)).rejects.toThrow(/ENOENT/);
    await store.add(recordOf({ key: 'a' }));
    const [made, file] = [await fs.stat(folder), await fs.stat(join(folder, 'a.jsonl'))];
    if (process.platform !== 'win32') expect([made.mode & 0o777, file.mode & 0o777]).toEqual([0o700, 0o600]);
    expect(await files()).toEqual(['a.jsonl']);
  });

  it('is made again where somebody has removed it', async () => {
    await store.add(recordOf({ key: 'a' }));
    await fs.rm(folder, { recursive: true });
    const record = recordOf({ key: 'a' });
    expect(await store.add(record)).toEqual(record);
  });

  it('may have files of others, which are left alone', async () => {
    await store.add(recordOf({ key: 'a' }));
    const others = ['notes.txt', 'A.jsonl', 'video.mp4', '.hidden'];
    for (const name of others) await fs.writeFile(join(folder, name), 'mine');
    await fs.mkdir(join(folder, 'b.jsonl'));
    await Promise.all(others.map((name) => age(name, 100 * DAY_MS)));
    await new FileJobStore(folder).add(recordOf({ key: 'c' }));
    expect(await files()).toEqual([...others, 'a.jsonl', 'b.jsonl', 'c.jsonl'].sort());
  });

  it.each([
    ['EACCES', /^the folder of jobs ".*videos" could not be written: this process may not \(EACCES\)$/],
    ['EROFS', /could not be written: its file system is read-only \(EROFS\)$/],
    ['ENOSPC', /could not be written: the disk is full \(ENOSPC\)$/],
    ['EDQUOT', /could not be written: the quota of the disk is used up \(EDQUOT\)$/],
    ['EIO', /could not be written: EIO: no$/],
  ])('that cannot be written for %s is told, and nothing is left in it', async (code, message) => {
    await store.add(recordOf({ key: 'before' }));
    vi.mocked(fs.open).mockRejectedValueOnce(failure('ENOENT')).mockRejectedValueOnce(failure(code));
    const error = await store.add(recordOf({ key: 'a' })).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: expect.stringMatching(message), cause: { code } });
    expect(await files()).toEqual(['before.jsonl']);
    expect(await store.get('a')).toBeUndefined();
  });

  it('below a file is told', async () => {
    await fs.writeFile(folder, '');
    await expect(store.add(recordOf())).rejects.toThrow(
      /a part of its path is a file|there is a file of its name/,
    );
    await expect(store.get('a')).rejects.toThrow(/could not be read: a part of its path is a file/);
    await expect(listed()).rejects.toThrow(/could not be read/);
  });

  it('must be named', () => {
    for (const wrong of ['', '  ', undefined, 7]) {
      expect(() => fileJobs(wrong as string)).toThrow(ConfigurationError);
    }
  });
});

describe('a record in a file', () => {
  it('is on the disk, with its place in the folder, before it is there for others', async () => {
    await store.add(recordOf({ key: 'before' }));
    const order: string[] = [];
    const real = (await vi.importActual('node:fs/promises')) as typeof fs;
    vi.mocked(fs.open).mockImplementation(async (path, ...rest) => {
      const handle = await real.open(path, ...rest);
      const what = String(path).endsWith('.tmp') ? 'file' : String(path) === folder ? 'folder' : 'other';
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        order.push(`sync ${what}`);
        await sync();
      };
      return handle;
    });
    vi.mocked(fs.link).mockImplementation(async (from, to) => {
      order.push('link');
      await real.link(from, to);
    });
    await store.add(recordOf({ key: 'a' }));
    expect(order).toEqual(['sync file', 'link', 'sync folder']);
  });

  it('of a key too long for a name is in one of 64 letters, and is found and listed by its key', async () => {
    const keys = ['x'.repeat(255), 'X'.repeat(255), `${'x'.repeat(254)}y`];
    for (const key of keys) await store.add(recordOf({ key }));
    const names = await files();
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(143);
    expect((await listed()).map((record) => (record as JobRecord).key).sort()).toEqual([...keys].sort());
  });

  it('that cannot be read is its key alone, keeps its key, and can be forgotten', async () => {
    await store.add(recordOf({ key: 'a' }));
    for (const text of ['{"at":1,"add":{', 'x'.repeat(5_000_000)]) {
      await fs.writeFile(join(folder, 'a.jsonl'), text);
      expect(await store.get('a')).toEqual({ key: 'a' });
      expect(await listed()).toEqual([{ key: 'a' }]);
      expect(await store.add(recordOf({ key: 'a' }))).toEqual({ key: 'a' });
      await store.put(recordOf({ key: 'a', state: 'submitted', jobId: 'job-1' }));
      expect(await fs.readFile(join(folder, 'a.jsonl'), 'utf8')).toBe(text);
    }
    await store.delete('a');
    expect(await files()).toEqual([]);
  });

  it('is added anew where another process has removed the refused one at that moment', async () => {
    const record = recordOf({ key: 'a' });
    await storeAt(store, record, { state: 'refused' });
    const real = (await vi.importActual('node:fs/promises')) as typeof fs;
    vi.mocked(fs.stat).mockImplementationOnce(async (path, options) => {
      // It was opened, and written to, and is not there any more.
      await real.rm(join(folder, 'a.jsonl'));
      return real.stat(path, options as never) as never;
    });
    const again = recordOf({ key: 'a' });
    expect(await store.add(again)).toEqual(again);
    expect(await new FileJobStore(folder).get('a')).toEqual(again);
  });

  it('that the disk had no room for is not half there', async () => {
    const record = recordOf({ key: 'a' });
    await store.add(record);
    const real = (await vi.importActual('node:fs/promises')) as typeof fs;
    vi.mocked(fs.open).mockImplementation(async (path, flags, mode) => {
      const handle = await real.open(path, flags, mode);
      const write = handle.write.bind(handle);
      vi.spyOn(handle, 'write').mockImplementation(((bytes: Buffer) =>
        write(bytes.subarray(0, 60))) as never);
      return handle;
    });
    await expect(store.put(later(record, { state: 'submitted', jobId: 'job-1' }))).rejects.toThrow(
      /disk is full/,
    );
    vi.mocked(fs.open).mockImplementation(real.open);
    expect(await store.get('a')).toEqual(record);
    const submitted = later(record, { state: 'submitted', jobId: 'job-1' });
    await store.put(submitted);
    expect(await store.get('a')).toEqual(submitted);
  });
});

describe('what is old', () => {
  const ended = (key: string, days: number) =>
    recordOf({ key, createdAt: Date.now() - days * DAY_MS, updatedAt: Date.now() - days * DAY_MS });

  it('is not given after 7 days for an end, 1 day where refused, 30 days else, and its key is free', async () => {
    const cases = [
      ['completed', { state: 'completed', jobId: 'job-1' }, 7],
      ['failed', { state: 'failed', jobId: 'job-1' }, 7],
      ['refused', { state: 'refused' }, 1],
      ['submitted', { state: 'submitted', jobId: 'job-1' }, 30],
      ['submitting', {}, 30],
    ] as const;
    for (const [key, change, days] of cases) {
      for (const [name, age, isKept] of [
        ['young', days - 0.01, true],
        ['old', days + 0.01, false],
      ] as const) {
        const record = ended(`${key}-${name}`, age);
        await store.add(record);
        await store.put({ ...record, ...change });
        expect([record.key, (await store.get(record.key)) !== undefined]).toEqual([record.key, isKept]);
      }
    }
    expect((await listed()).map((record) => (record as JobRecord).key).sort()).toEqual(
      cases.map(([key]) => `${key}-young`).sort(),
    );
    const again = recordOf({ key: 'submitted-old' });
    expect(await store.add(again)).toEqual(again);
    expect(await store.get(again.key)).toEqual(again);
  });

  it('is taken away with the first record of a process, as is what a killed one has left', async () => {
    await store.add(ended('old', 40));
    await store.add(ended('just-over', 30.5));
    await store.add(recordOf({ key: 'young' }));
    await store.lease('young', 'holder', 60_000);
    for (const name of ['killed.tmp', 'at-work.tmp', 'old.lease'])
      await fs.writeFile(join(folder, name), 'x');
    await Promise.all([age('old.jsonl', 40 * DAY_MS), age('just-over.jsonl', 30.5 * DAY_MS)]);
    await Promise.all([
      age('young.jsonl', 29 * DAY_MS),
      age('killed.tmp', 120_000),
      age('old.lease', 2 * DAY_MS),
    ]);
    await new FileJobStore(folder).add(recordOf({ key: 'new' }));
    const kept = ['at-work.tmp', 'just-over.jsonl', 'new.jsonl', 'young.jsonl', 'young.lease'];
    await expect.poll(files).toEqual(kept);
  });

  it('is left where it was added anew while it was taken away', async () => {
    await store.add(ended('a', 40));
    await age('a.jsonl', 40 * DAY_MS);
    const real = (await vi.importActual('node:fs/promises')) as typeof fs;
    const again = recordOf({ key: 'a' });
    let moved = () => {};
    const isMoved = new Promise<void>((resolve) => (moved = resolve));
    vi.mocked(fs.rename).mockImplementationOnce(async (from, to) => {
      await store.add(again);
      await real.rename(from, to);
      moved();
    });
    await new FileJobStore(folder).add(recordOf({ key: 'other' }));
    await isMoved;
    await expect.poll(() => store.get('a')).toEqual(again);
    await expect.poll(files).toEqual(['a.jsonl', 'other.jsonl']);
  });
});

describe('where the file system knows no links', () => {
  const without = (code: string) => {
    vi.mocked(fs.link).mockRejectedValue(failure(code));
    return new FileJobStore(folder);
  };

  describe.each(['EPERM', 'ENOTSUP'])('and says %s', (code) => {
    testJobStore(() => without(code), { test: it });
  });

  it('a record is in its file all the same', async () => {
    const record = recordOf({ key: 'a' });
    await without('EPERM').add(record);
    expect(fs.link).toHaveBeenCalledOnce();
    expect(await files()).toEqual(['a.jsonl']);
    expect(await fs.readFile(join(folder, 'a.jsonl'), 'utf8')).toContain(record.idempotencyKey);
  });
});
