/** The part of `node:fs/promises` that saving uses. */
export type SaveFileSystem = Pick<
  typeof import('node:fs/promises'),
  'open' | 'rename' | 'stat' | 'lstat' | 'unlink' | 'realpath' | 'readlink' | 'readdir'
>;

/** Every file system takes 255 bytes; what follows the name of the target takes 40. */
const MAX_STEM_BYTES = 200;
/** What another machine has left behind is not touched sooner: its process cannot be seen from here. */
const FOREIGN_AGE_MS = 86_400_000;

/** Whose a part file is. */
export interface PartOwner {
  readonly jobId: string;
  readonly hostname: string;
  readonly pid: number;
}

/**
 * Names of the files that are saved to until all is there: after the target and the job, so that the next save of the
 * same finds what a killed process has left, and after the process, so that two that save at once do not meet.
 */
export class PartFiles {
  readonly #prefix: string;
  readonly #host: string;
  readonly #pid: number;

  constructor(targetName: string, { jobId, hostname, pid }: PartOwner) {
    this.#prefix = `.${stemOf(targetName)}.${hash(jobId)}-`;
    this.#host = hash(hostname).slice(0, 4);
    this.#pid = pid;
  }

  /** Another one at each call. */
  newName(): string {
    const random = globalThis.crypto.randomUUID().slice(0, 6);
    return `${this.#prefix}${this.#host}-${this.#pid}-${random}.part`;
  }

  /** Removes what processes that are no more have left of this target and job. Never rejects. */
  async removeLeftovers(
    fs: SaveFileSystem,
    directory: string,
    join: (...parts: string[]) => string,
  ): Promise<void> {
    const names = await fs.readdir(directory).catch(() => []);
    for (const name of names) {
      const [, host, pid] =
        /^([\da-f]{4})-(\d{1,10})-[\da-f]{6}\.part$/.exec(
          name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : '',
        ) ?? [];
      if (host === undefined) continue;
      const path = join(directory, name);
      const isLeft =
        host === this.#host
          ? !isAlive(Number(pid))
          : await fs.stat(path).then(
              ({ mtimeMs }) => Date.now() - mtimeMs > FOREIGN_AGE_MS,
              () => false,
            );
      if (isLeft) await fs.unlink(path).catch(() => {});
    }
  }
}

/** Cut between two characters. */
function stemOf(name: string): string {
  const bytes = new TextEncoder().encode(name).subarray(0, MAX_STEM_BYTES);
  return new TextDecoder().decode(bytes).replace(/\ufffd+$/, '');
}

/** FNV-1a, in eight hexadecimal digits: job ids are of any length and hold any character. */
function hash(text: string): string {
  let bits = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  return (bits >>> 0).toString(16).padStart(8, '0');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user cannot be signalled, but is alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
