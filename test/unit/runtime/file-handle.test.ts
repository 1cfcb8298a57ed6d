import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { setTimes, syncData, syncFile } from '../../../src/runtime/file-handle.js';

const calls = { syncFile, syncData, setTimes: (handle: FileHandle) => setTimes(handle, 1_000_500) };

async function handle(thrown: Error): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-'));
  const real = await open(join(folder, 'a'), 'w');
  onTestFinished(async () => {
    await real.close();
    await rm(folder, { recursive: true });
  });
  return new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!['sync', 'datasync', 'utimes'].includes(String(name))) return value.bind(target);
      return () => {
        throw thrown;
      };
    },
  });
}

it.each(Object.entries(calls))(
  '%s is done by the descriptor of a handle that has no such method',
  async (name, call) => {
    const lacking = await handle(new Error('Method not implemented.'));
    await call(lacking);
    if (name === 'setTimes') expect((await lacking.stat()).mtimeMs).toBe(1_000_500);
  },
);

it.each(Object.entries(calls))('%s fails with what the system says', async (_, call) => {
  const full = await handle(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
  await expect(call(full)).rejects.toMatchObject({ code: 'ENOSPC' });
});
