/**
 * Whether a server answers a page at all, where its answer may not be read. Only browsers keep answers back, and
 * only they can tell the difference.
 */
export async function isReachable(url: URL, signal: AbortSignal): Promise<boolean> {
  if (globalThis.document === undefined) return false;
  try {
    await globalThis.fetch(url, { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal });
    return true;
  } catch {
    return false;
  }
}
