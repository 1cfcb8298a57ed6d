import { type DefaultBackend, VideoClient, type VideoClientOptions } from 'reelwire';

/** In the page: no key. The browser sends the session's cookie along by itself, as to any route of its own site. */
export function connect(options: Partial<VideoClientOptions<DefaultBackend>> = {}): VideoClient {
  return new VideoClient({ baseUrl: '/videos', webSocketUrl: '/videos/', ...options });
}
