import { isWorkerd } from './is-workerd.js';
import type { WebSocketClass, WebSocketLike } from './runtime.js';
import { withUserAgent } from './user-agent.js';

export interface SocketOptions {
  /** Of the upgrade. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of one frame. */
  readonly maxPayload: number;
}

/** Which parameter of the constructor takes the headers of the upgrade; undefined where none does. */
type Place = 'second' | 'third' | undefined;

/** Whether a socket of this class can carry headers: a page's cannot, nor can a Cloudflare Worker's. */
export function carriesHeaders(WebSocket: WebSocketClass): boolean {
  return placeOfOptions(WebSocket) !== undefined;
}

/**
 * Makes a socket whose upgrade carries the headers, where its class can. Frames are bounded before they are read
 * where the class can do that (the one of `ws`), and nothing is compressed there: a frame of 100 kB could be one of
 * 100 MB, and a compressor costs each connection more memory than frames of 200 bytes save.
 */
export function openSocket(WebSocket: WebSocketClass, url: string, options: SocketOptions): WebSocketLike {
  const place = placeOfOptions(WebSocket);
  // Deno adds it to its own, and a request with two of them may be refused.
  const headers = 'Deno' in globalThis ? options.headers : withUserAgent(options.headers);
  const all = { ...options, headers, perMessageDeflate: false };
  const Made = WebSocket as unknown as new (...args: readonly unknown[]) => WebSocketLike;
  if (place === 'third' && (isOfWs(WebSocket) || hasAny(options.headers))) return new Made(url, [], all);
  if (place !== 'second' || !hasAny(all.headers)) return new WebSocket(url);
  try {
    return new Made(url, all);
  } catch {
    return new WebSocket(url); // It takes no headers after all, as that of Deno before 2.3.
  }
}

/** The class of `ws` takes them as the third parameter, as does that of React Native; the own ones of Node, Bun and Deno as the second. */
function placeOfOptions(WebSocket: WebSocketClass): Place {
  if (isOfWs(WebSocket)) return 'third';
  const { document, navigator, process } = globalThis as {
    document?: unknown;
    navigator?: { product?: unknown; userAgent?: unknown };
    process?: { versions?: { node?: unknown } };
  };
  if (navigator?.product === 'ReactNative') return 'third';
  if (document !== undefined || isWorkerd()) return undefined;
  if (WebSocket !== (globalThis as { WebSocket?: unknown }).WebSocket) return 'third';
  return process?.versions?.node === undefined ? undefined : 'second';
}

/** A class of `ws`, or one made of it. The global one of Bun has its methods, and not its parameters. */
function isOfWs(WebSocket: WebSocketClass): boolean {
  const { WebSocket: own, process } = globalThis as {
    WebSocket?: unknown;
    process?: { versions?: { bun?: unknown } };
  };
  if (process?.versions?.bun !== undefined && WebSocket === own) return false;
  return typeof (WebSocket.prototype as { terminate?: unknown } | undefined)?.terminate === 'function';
}

function hasAny(headers: SocketOptions['headers']): boolean {
  return Object.keys(headers).length > 0;
}
