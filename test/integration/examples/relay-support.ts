import { readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { relayBackend } from '../../../src/backends/relay.js';
import { VideoClient } from '../../../src/client/client.js';
import type { TransportName } from '../../../src/core/model.js';
import { type AtTheEnd, type Proxy as RunningProxy, startNginxWith } from '../proxies/support.js';

/** Who is signed in at the example of the relay. */
export interface Member {
  readonly origin: string;
  readonly cookie: string;
  readonly setCookie: string;
}

/** @param url - Such as `http://localhost:5174/sign-in?user=ada`. */
export async function signIn(url: string): Promise<Member> {
  const answer = await fetch(url, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
  const setCookie = answer.headers.get('set-cookie') ?? '';
  return { origin: new URL(url).origin, setCookie, cookie: setCookie.split(';')[0] ?? '' };
}

/** What a page of the member has; the cookie goes along with its WebSocket as well. */
export function pageOf({ origin, cookie }: Member, ...transports: TransportName[]) {
  const page = new VideoClient({
    baseUrl: `${origin}/videos`,
    backend: relayBackend<{ script: string }>(),
    headers: { cookie },
    ...(transports.length > 0 && { transports }),
    logger: 'silent',
  });
  onTestFinished(() => page.close());
  return page;
}

export const nginxConf = readFileSync(new URL('../../../examples/relay/nginx.conf', import.meta.url), 'utf8');

/**
 * A real nginx with the lines of the example, which are as they are but for where everything is.
 *
 * @param options - `root`: where the page is. `without`: what is taken out of them. `http`: of the block around them.
 */
export function startNginxOfExample(
  ports: readonly [number, number],
  options: { readonly root?: string; readonly without?: RegExp; readonly http?: string },
  atTheEnd?: AtTheEnd,
): Promise<RunningProxy> {
  const { root = '/nowhere', without = /^$/, http = '' } = options;
  const lines = nginxConf
    .replace('root /page;', `root ${root};`)
    .replace('relay-1:3000', `127.0.0.1:${ports[0]}`)
    .replace('relay-2:3000', `127.0.0.1:${ports[1]}`);
  const fewer = lines.replaceAll(new RegExp(without, 'g'), '');
  return startNginxWith((port) => http + fewer.replace('listen 80;', `listen 127.0.0.1:${port};`), atTheEnd);
}
