import { ConfigurationError } from '../../index.js';
import {
  createMockServer,
  type MockRequest,
  type MockServer,
  parseMockFault,
} from '../../mock-server/index.js';
import { EXIT, exitCodeOf } from '../exit-code.js';
import { catchInterruptions } from '../interruption.js';
import { Output } from '../output.js';
import { shorten, visible } from '../text.js';

export interface MockFlags {
  readonly port: number;
  readonly host: string;
  readonly durationMs: number;
  readonly field?: boolean;
  readonly failWith?: string;
  readonly fault?: readonly string[];
  readonly json?: boolean;
}

const MAX_BODY_LENGTH = 500;

/** Runs until it is interrupted, which is the way to end it. */
export async function mock(flags: MockFlags): Promise<number> {
  const output = new Output(flags.json);
  const { signal, dispose } = catchInterruptions();
  try {
    const server = await start(flags, output);
    output.event({ type: 'listening', url: server.url, filesUrl: server.filesUrl });
    output.result(`Mock server at ${server.url} (signed URLs lead to ${server.filesUrl}). Ctrl-C ends it.`);
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await server.close();
    return EXIT.ok;
  } catch (error) {
    output.error(error);
    return exitCodeOf(error);
  } finally {
    dispose();
  }
}

async function start(flags: MockFlags, output: Output): Promise<MockServer> {
  const { durationMs, failWith, fault = [], field, host, port } = flags;
  try {
    return await createMockServer({
      port,
      host,
      durationMs,
      style: field === true ? 'field' : 'documented',
      faults: fault.map(parseMockFault),
      ...(failWith !== undefined && { failWith }),
      onRequest: (request) =>
        output.result(`${timeOf(request)} → ${request.method} ${visible(request.path)}`),
      onAnswer: (request) => report(request, output),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigurationError('--fault', `--fault: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    throw new ConfigurationError('--port', `the mock server cannot listen on ${host}:${port} (${code})`, {
      hint: 'Something else may be using it: give another --port, or 0 for any free one.',
    });
  }
}

function report(request: MockRequest, output: Output): void {
  const { at, body, jobId, method, path, route, status } = request;
  output.event({ type: 'request', at, method, path, route, status, jobId, body });
  const words = [timeOf(request), '←', status ?? 'no answer', visible(path)];
  if (jobId !== undefined && !path.includes(jobId)) words.push(`job ${visible(jobId)}`);
  if (body !== undefined) words.push(visible(shorten(JSON.stringify(body), MAX_BODY_LENGTH)));
  output.result(words.join(' '));
}

function timeOf({ at }: MockRequest): string {
  return at.toISOString().slice(11, 23);
}
