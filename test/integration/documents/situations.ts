import { isVideoError, type VideoError } from 'reelwire';

/** By the heading of its section: brings the situation about, and tells what the library said, line by line. */
export type Situations = Readonly<Record<string, () => Promise<string[]>>>;

/** What an error, or a finding, says: what is wrong, and what to do. */
export function words({ message, hint }: { readonly message: string; readonly hint?: string }): string[] {
  return hint === undefined ? [message] : [message, hint];
}

export async function rejection(work: Promise<unknown> | (() => Promise<unknown>)): Promise<VideoError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (isVideoError(error)) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** As the page shows it, which has the usual host, and no test's short time. */
export function shownAs(shown: string, real: string, lines: readonly string[]): string[] {
  return lines.map((line) => line.replaceAll(real, shown));
}
