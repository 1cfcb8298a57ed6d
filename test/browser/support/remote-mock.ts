import { onTestFinished } from 'vitest';
import { commands } from 'vitest/browser';
import type { MockServerOptions } from '../../../src/mock-server/index.js';
import type { ArgumentsOf, MockAction, ResultOf } from './mock-commands.js';

declare module 'vitest/internal/browser' {
  interface BrowserCommands {
    startMock(options: MockServerOptions): Promise<string>;
    mock(url: string, action: MockAction, args: unknown[]): Promise<unknown>;
  }
}

/** A real mock server in Node, on an origin other than the page's, with the page's hands on it. */
export interface RemoteMock {
  readonly url: string;
  do<A extends MockAction>(action: A, ...args: ArgumentsOf<A>): Promise<ResultOf<A>>;
}

/** Ends with the test. Its jobs wait to be moved by hand. */
export async function startMock(options: MockServerOptions = {}): Promise<RemoteMock> {
  const url = await commands.startMock({ manual: true, style: 'field', ...options });
  const server: RemoteMock = {
    url,
    do: async (action, ...args) => (await commands.mock(url, action, args)) as ResultOf<typeof action>,
  };
  onTestFinished(() => server.do('close'));
  return server;
}
