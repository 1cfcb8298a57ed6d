import { readFile } from 'node:fs/promises';

/** How long an MP4 plays, in seconds, from the `mvhd` box of ISO/IEC 14496-12 (version 0). */
export async function durationOf(path: string): Promise<number> {
  const file = await readFile(path);
  const box = file.indexOf('mvhd');
  if (box < 0) throw new Error(`${path} is no MP4: it has no mvhd box`);
  // After the name: version and flags, two times, then time scale and duration.
  return file.readUInt32BE(box + 20) / file.readUInt32BE(box + 16);
}
