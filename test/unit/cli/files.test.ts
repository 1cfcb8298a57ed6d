import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readEnvironment } from '../../../src/cli/environment.js';
import { checkWritable, readInputFile, saveWithoutReplacing, targetOf } from '../../../src/cli/files.js';
import { readInput } from '../../../src/cli/input.js';

const posix = process.platform !== 'win32';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelwire-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe('a file that a flag names', () => {
  it('is read whole up to the limit, and not a byte beyond it', async () => {
    const path = await file('ten', '0123456789');
    expect(String(await readInputFile('--input', path, 10))).toBe('0123456789');
    await expect(readInputFile('--input', path, 9)).rejects.toThrow(
      `--input: ${path} could not be read: it holds more than 9 bytes`,
    );
  });

  it.runIf(posix)('may be a FIFO, and is given up where that never ends', async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const write = (script: string) => {
      const writer = spawn('sh', ['-c', script]);
      onTestFinished(() => void writer.kill('SIGKILL'));
    };
    write(`printf token > '${path}'`);
    expect(String(await readInputFile('--token-file', path, 10))).toBe('token');
    write(`exec cat /dev/zero > '${path}'`);
    await expect(readInputFile('--token-file', path, 1_000_000)).rejects.toThrow('more than 1000000 bytes');
  });

  it.runIf(posix)('may be a device without a size, which is given up', async () => {
    await expect(readInputFile('--input', '/dev/zero', 1_000_000)).rejects.toThrow('more than 1000000 bytes');
    expect(await readInputFile('--input', '/dev/null')).toHaveLength(0);
  });

  it.runIf(process.platform === 'linux')('may say that it is empty, as those of /proc do', async () => {
    expect((await readInputFile('--input', '/proc/self/cmdline')).length).toBeGreaterThan(0);
  });

  it('is told of where it is a directory or is not there', async () => {
    await expect(readInputFile('--config', folder)).rejects.toThrow('it is a directory');
    await expect(readInputFile('--config', join(folder, 'nowhere'))).rejects.toThrow('it is not there');
  });
});

describe('images', () => {
  it('are within the limit all together', async () => {
    const path = await file('large.png', '');
    await truncate(path, 40 * 1024 * 1024);
    const input = { input: await file('scenes.json', '{}') };
    const both = readInput('vidBuilder', undefined, { ...input, image: [path, path] });
    await expect(both).rejects.toThrow('it holds more than 25165824 bytes');
    const one = await readInput('vidBuilder', undefined, { ...input, image: [path] });
    expect(one.images).toMatchObject([{ name: 'large.png', size: 40 * 1024 * 1024 }]);
  });
});

describe('a file of variables', () => {
  const read = async (text: string) => readEnvironment(await file('video.env', text));

  it('may have comments, blanks, quotes over several lines, and exports', async () => {
    const text = [
      '# ours',
      '',
      'export REELWIRE_TOKEN="a',
      'b = c"',
      "REELWIRE_WALLET='x' # why",
      '  REELWIRE_MODEL = m',
    ].join('\n');
    expect(await read(text)).toMatchObject({
      REELWIRE_TOKEN: 'a\nb = c',
      REELWIRE_WALLET: 'x',
      REELWIRE_MODEL: 'm',
    });
  });

  it.each([
    ['REELWIRE_TOKN', 'REELWIRE_TOKEN'],
    ['REELWIRE_BASEURL', 'REELWIRE_BASE_URL'],
    ['REELWIRE_URL', 'REELWIRE_BASE_URL'],
    ['REELWIRE_SECRET', 'REELWIRE_WEBHOOK_SECRET'],
    ['RELWIRE_TOKEN', 'REELWIRE_TOKEN'],
    ['token', 'REELWIRE_TOKEN'],
    ['reelwire_token', 'REELWIRE_TOKEN'],
  ])('is refused for %s, which there is not, with %s, which there is', async (name, nearest) => {
    await expect(read(`${name}=x`)).rejects.toMatchObject({
      message: expect.stringContaining(`sets ${name}, which there is not`),
      hint: `Did you mean ${nearest}?`,
    });
  });

  it('is refused for a name that is like none of ours, with all there are', async () => {
    const refused = read('X=1');
    await expect(refused).rejects.toMatchObject({
      hint: expect.stringMatching(
        /^There are REELWIRE_BASE_URL, .*REPLICATE_API_TOKEN, .*XAI_API_KEY\b.*\.$/,
      ),
    });
  });

  it('is refused for a line that is none, by its number alone', async () => {
    await expect(read('REELWIRE_MODEL=m\n\nsk-secret\n')).rejects.toThrow(/line 3 of .* is not NAME=value$/);
  });
});

describe('where to save', () => {
  it('is a path to paste where something is there already', async () => {
    const name = '$(touch pwned) `id`.mp4';
    await file(name, 'old');
    await expect(targetOf(folder, name)).rejects.toMatchObject({
      hint: `Replace it with --output '${join(folder, name)}', or give another path.`,
    });
  });

  it.runIf(posix)('is refused where a link is that leads nowhere', async () => {
    await symlink(join(folder, 'gone'), join(folder, 'dangling.mp4'));
    await expect(targetOf(folder, 'dangling.mp4')).rejects.toThrow('is there already');
  });
});

describe('before a job is paid for, a path is refused', () => {
  it.each([
    ['that is empty, as of a variable that is not set', () => '', '--output is empty'],
    ['of a folder that is not there', () => `${join(folder, 'none')}/`, 'it is not there'],
    ['in a folder that is not there', () => join(folder, 'none', 'x.mp4'), 'it is not there'],
    ['below a file', async () => join(await file('plain', ''), 'x.mp4'), 'what it is below is no folder'],
    ['of a file, as of a folder', async () => `${await file('plain', '')}/`, 'what it is below is no folder'],
    ['that is too long', () => join(folder, `${'a'.repeat(300)}.mp4`), 'its name is too long'],
  ])('%s', async (_what, path, why) => {
    await expect(checkWritable(await path())).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining(why),
    });
  });

  it.runIf(posix)('that is a circle of links', async () => {
    await symlink('circle', join(folder, 'circle'));
    await expect(checkWritable(join(folder, 'circle'))).rejects.toThrow('its links lead in a circle');
  });

  it('and no other: one that is there or not, a folder, a link that leads nowhere, stdout', async () => {
    const paths = [
      await file('there.mp4', ''),
      join(folder, 'new.mp4'),
      folder,
      `${folder}/`,
      '-',
      'new.mp4',
    ];
    if (posix) {
      await symlink(join(folder, 'not-yet'), join(folder, 'link.mp4'));
      paths.push(join(folder, 'link.mp4'));
    }
    for (const path of paths) await expect(checkWritable(path)).resolves.toBeUndefined();
  });
});

describe('saving what replaces nothing', () => {
  it('gives those that want one name at once a name each, and leaves nothing else', async () => {
    const into = join(folder, 'race');
    await mkdir(into);
    const contents = ['a', 'b', 'c'];
    const paths = await Promise.all(
      contents.map((content) =>
        saveWithoutReplacing(join(into, 'video.mp4'), (path) => writeFile(path, content)),
      ),
    );
    const names = ['video-2.mp4', 'video-3.mp4', 'video.mp4'];
    expect((await readdir(into)).sort()).toEqual(names);
    expect(paths.toSorted()).toEqual(names.map((name) => join(into, name)));
    expect(await Promise.all(paths.map((path) => readFile(path, 'utf8')))).toEqual(contents);
  });

  it('leaves nothing where it fails', async () => {
    const into = join(folder, 'failing');
    await mkdir(into);
    const failing = saveWithoutReplacing(join(into, 'video.mp4'), async (path) => {
      await writeFile(path, 'half');
      throw new Error('cut');
    });
    await expect(failing).rejects.toThrow('cut');
    expect(await readdir(into)).toEqual([]);
  });
});
