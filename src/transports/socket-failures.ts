import type { StreamFailure } from '../core/follow-model.js';

/** Browsers say nothing; the class of `ws` says what the server answered. Its URL is never in it. */
export function refusal(event: unknown, open: boolean): StreamFailure & { status?: number } {
  const { error, message } = Object(event) as { error?: { code?: unknown }; message?: unknown };
  const status = Number(/^Unexpected server response: (\d{3})$/.exec(String(message))?.[1]);
  if (status > 0) {
    const reason = `WebSocket refused (HTTP ${status})`;
    if ([404, 405, 501].includes(status)) return { reason, kind: 'absent', status };
    return { reason, kind: status === 401 || status === 403 ? 'credentials' : undefined, status };
  }
  const code = typeof error?.code === 'string' ? ` (${error.code})` : '';
  return { reason: `WebSocket ${open ? 'failed' : 'refused'}${code}` };
}

export function isMixedContent(url: string): boolean {
  return globalThis.location?.protocol === 'https:' && /^ws:/i.test(url);
}

/** The class of `ws` does not even read such a frame, and ends the connection. */
export function isTooLarge(event: unknown): boolean {
  return (
    (event as { error?: { code?: unknown } } | undefined)?.error?.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
  );
}
