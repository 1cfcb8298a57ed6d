import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { checkJobInit, checkMockOptions } from '../../../src/mock-server/check-options.js';
import { MockFaults } from '../../../src/mock-server/faults.js';
import { createMockServer } from '../../../src/mock-server/index.js';
import { createMockHandlers } from '../../../src/mock-server/msw.js';

function refusalOf(check: () => unknown): [string, string | undefined] {
  try {
    check();
  } catch (error) {
    if (error instanceof ConfigurationError) return [error.option, error.hint];
    throw error;
  }
  return ['taken', undefined];
}

describe('an option that the mock server does not have', () => {
  it.each<[object, string, string | undefined]>([
    [{ duration: 5 }, 'duration', 'Did you mean "durationMs"?'],
    [{ webhook: {} }, 'webhook', 'Did you mean "webhooks"?'],
    [{ hots: 'x' }, 'hots', undefined],
    [{ streams: { frame: 'plain' } }, 'streams.frame', 'Did you mean "frames"?'],
    [{ webhooks: { gateway: { uri: 'x' } } }, 'webhooks.gateway.uri', undefined],
    [{ webhooks: { openai: {} } }, 'webhooks.openai', 'Did you mean "openAI"?'],
    [{ webhooks: { retryDelaysMs: { gateway: [] } } }, 'webhooks.retryDelaysMs.gateway', undefined],
    [{ openAI: { body: 'multipart' } }, 'openAI.body', undefined],
    [{ openAI: { flavour: 'vllm' } }, 'openAI.flavour', 'Did you mean "vllm-omni"?'],
    [{ openAI: { encoding: 'form' } }, 'openAI.encoding', 'Choose from multipart, json.'],
    [{ openAI: { encoding: 'json', flavour: 'vllm-omni' } }, 'openAI.encoding', undefined],
    [{ words: { running: 'x' } }, 'words.running', undefined],
    [{ auth: [{ type: 'bearer', tokn: 'x' }] }, 'auth[0].tokn', 'Did you mean "token"?'],
    [{ faults: [{ type: 'slow', delay: 5 }] }, 'faults[0].delay', 'Did you mean "delayMs"?'],
    [{ faults: [{ type: 'slow', delayMs: 5 }, { type: 'stal' }] }, 'faults[1].type', 'Did you mean "stall"?'],
    [{ faults: { type: 'slow' } }, 'faults', undefined],
    [{ faults: [{ type: 'stall', route: 'websockets' }] }, 'faults[0].route', 'Did you mean "websocket"?'],
    [{ faults: [{ type: 'stall', route: ['sse', 'pol'] }] }, 'faults[0].route', undefined],
    [{ streams: 'field' }, 'streams', undefined],
  ])('is refused by its path, with the one that was meant: %j', (options, option, hint) => {
    const [refused, said] = refusalOf(() => checkMockOptions(options, ['host', 'port']));
    expect(refused).toBe(option);
    if (hint !== undefined) expect(said).toBe(hint);
  });

  it('is refused for a job, and for a fault that is added', () => {
    expect(refusalOf(() => checkJobInit({ identifier: 'x' }))[0]).toBe('job.identifier');
    expect(refusalOf(() => new MockFaults().add({ type: 'html', code: 5 } as never))[0]).toBe('fault.code');
    expect(refusalOf(() => new MockFaults().add({ type: '__proto__' } as never))[0]).toBe('fault.type');
  });

  it('is refused by the server and by the handlers, which have some of their own', async () => {
    await expect(createMockServer({ baseUrl: 'http://x' } as never)).rejects.toThrow(
      'there is no option "baseUrl"',
    );
    for (const port of ['a', -1, 1.5, 65_536])
      await expect(createMockServer({ port } as never)).rejects.toMatchObject({ option: 'port' });
    expect(refusalOf(() => createMockHandlers({ port: 1 } as never))[0]).toBe('port');
    expect(refusalOf(() => createMockHandlers({ baseUrl: 'http://x.test' }))[0]).toBe('taken');
  });

  it('does not keep those out that are there, or are left undefined', () => {
    const options = {
      ...{
        durationMs: undefined,
        streams: undefined,
        faults: [{ type: 'close', code: 1, afterMs: 2, route: 'sse' }],
      },
      ...{ auth: { type: 'basic', username: 'u', password: 'p' }, webhooks: { vidBuilder: { secret: 's' } } },
    };
    expect(refusalOf(() => checkMockOptions(options, []))[0]).toBe('taken');
  });
});
