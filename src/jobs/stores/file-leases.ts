import type { Folder } from './file-folder.js';

/** Where a file cannot be made in one step, it looks so long as if it were over. */
const GRACE_MS = 50;

/**
 * Leases as files: the holder is in it, and until when is its time of change. One that is over is taken away before
 * another is made, since a file is only ever made where there is none.
 */
export async function leaseFile(
  folder: Folder,
  name: string,
  holder: string,
  forMs: number,
): Promise<boolean> {
  for (let tries = 0; tries < 5; tries++) {
    const until = Date.now() + forMs;
    const [found, changedAt = 0] = [await folder.read(name), await folder.changedAt(name)];
    if (found === undefined) {
      if (forMs <= 0 || (await folder.createUntil(name, holder, until))) return true;
    } else if (isOver(changedAt)) {
      await folder.removeWhere(name, (text, mtimeMs) => text === found && isOver(mtimeMs));
    } else if (found !== holder) {
      return false;
    } else if (forMs > 0) {
      // False where it was over in this moment, and is gone.
      if (await folder.extend(name, until)) return true;
    } else {
      await folder.removeWhere(name, (text) => text === holder);
      return true;
    }
  }
  // Others are at it, and one of them has it.
  return false;
}

function isOver(untilMs: number): boolean {
  return untilMs + GRACE_MS <= Date.now();
}
