import type { Backend } from 'reelwire';
import { relayBackend } from 'reelwire/backends';
import { onTestFinished } from 'vitest';
import { commands } from 'vitest/browser';
import type { MockServerOptions } from '../../../src/mock-server/index.js';
import type { ArgumentsOf, MockAction, ResultOf } from './mock-commands.js';

declare module 'vitest/internal/browser' {
  interface BrowserCommands {
    startMock(options: MockServerOptions): Promise<string>;
    startRelay(options: MockServerOptions): Promise<string>;
    mock(url: string, action: MockAction, args: unknown[]): Promise<unknown>;
  }
}

/** A real mock server in Node, on an origin other than the page's, with the page's hands on it. */
export interface RemoteMock {
  readonly url: string;
  /** What a client needs to speak to it. */
  readonly speaking: { readonly baseUrl: string; readonly backend?: Backend<object> };
  do<A extends MockAction>(action: A, ...args: ArgumentsOf<A>): Promise<ResultOf<A>>;
}

type Start = (options?: MockServerOptions) => Promise<RemoteMock>;

/** Ends with the test. Its jobs wait to be moved by hand. */
export const startMock: Start = async (options) => {
  const url = await commands.startMock({ ...MANUAL, ...options });
  return remote(url, { baseUrl: url });
};

/** A relay before such a server, with the hands on what is between the page and the relay. */
const startRelay: Start = async (options) => {
  const url = await commands.startRelay({ ...MANUAL, ...options });
  return remote(url, { baseUrl: url, backend: relayBackend() });
};

/** All that a page may speak to in the gateway's dialect, or in one like it. */
export const STARTS: readonly (readonly [string, Start])[] = [
  ['the mock server', startMock],
  ['a relay', startRelay],
];

const MANUAL = { manual: true, style: 'field' } as const;

function remote(url: string, speaking: RemoteMock['speaking']): RemoteMock {
  const server: RemoteMock = {
    ...{ url, speaking },
    do: async (action, ...args) => (await commands.mock(url, action, args)) as ResultOf<typeof action>,
  };
  onTestFinished(() => server.do('close'));
  return server;
}
