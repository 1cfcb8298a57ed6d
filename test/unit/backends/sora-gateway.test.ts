import { describe, expect, it } from 'vitest';
import { type SoraGatewayInput, soraGateway } from '../../../src/backends/sora-gateway.js';
import { answer, statusOf } from './fixtures.js';

const backend = soraGateway();
const script = { walletAddress: '0x123', script: 'Explain blockchain' };

/** An input that the compiler would refuse. */
function generateAnything(input: unknown, options = {}) {
  return soraGateway(options).generate(input as SoraGatewayInput);
}

describe('generate', () => {
  it('posts wallet and script, with renderVersion in the query and in the body', async () => {
    expect(await backend.generate(script)).toEqual({
      method: 'POST',
      url: '/api/generate?renderVersion=v3',
      body: { type: 'json', value: { ...script, renderVersion: 'v3' } },
    });
  });

  it('takes the wallet once for all', async () => {
    const { body } = await soraGateway({ walletAddress: '0xabc' }).generate({ script: 'x' });
    expect(body).toMatchObject({ value: { walletAddress: '0xabc', script: 'x' } });
  });

  it('takes another wallet for one job', async () => {
    const { body } = await soraGateway({ walletAddress: '0xabc' }).generate(script);
    expect(body).toMatchObject({ value: { walletAddress: '0x123' } });
  });

  it('takes another renderVersion, encoded', async () => {
    const { url, body } = await soraGateway({ renderVersion: 'v4&x' }).generate(script);
    expect(url).toBe('/api/generate?renderVersion=v4%26x');
    expect(body).toMatchObject({ value: { renderVersion: 'v4&x' } });
  });

  it('posts a question without a wallet', async () => {
    const { body } = await backend.generate({ scriptOrQuestion: 'Why?' });
    expect(body).toEqual({ type: 'json', value: { scriptOrQuestion: 'Why?', renderVersion: 'v3' } });
  });

  // More than one chunk, and lengths that need padding.
  it.each([0, 1, 2, 3, 24_576, 24_577, 100_003])('sends %d bytes of audio as base64', async (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 256);
    const wanted = Buffer.from(bytes).toString('base64');
    for (const audioBuffer of [bytes, bytes.buffer, new Blob([bytes])]) {
      const { body } = await backend.generate({ scriptOrQuestion: 'Why?', audioBuffer });
      expect(body).toMatchObject({ value: { audioBuffer: wanted } });
    }
  });

  it('sends only the part of a buffer that a view shows', async () => {
    const audioBuffer = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
    const { body } = await backend.generate({ scriptOrQuestion: 'Why?', audioBuffer });
    expect(body).toMatchObject({ value: { audioBuffer: 'AQID' } });
  });

  it.each([
    ['script', { walletAddress: '0x1', script: '' }],
    ['script', { walletAddress: '0x1', script: ' \n' }],
    ['script', { walletAddress: '0x1', script: 7 }],
    ['script', { walletAddress: '0x1' }],
    ['script', { ...script, scriptOrQuestion: 'both' }],
    ['walletAddress', { script: 'x' }],
    ['walletAddress', { walletAddress: '', script: 'x' }],
    ['scriptOrQuestion', { scriptOrQuestion: '' }],
    ['audioBuffer', { scriptOrQuestion: 'x', audioBuffer: 'text' }],
    ['audioBuffer', { ...script, audioBuffer: new Uint8Array(1) }],
    ['input', undefined],
    ['input', 'a script'],
    ['input', []],
  ])('refuses a wrong %s: %j', async (field, input) => {
    await expect(generateAnything(input)).rejects.toMatchObject({
      name: 'InputError',
      field,
      message: expect.stringContaining(field),
    });
  });

  it('names a field it does not know, and the nearest right one', async () => {
    await expect(generateAnything({ walletAddress: '0x1', scirpt: 'x' })).rejects.toMatchObject({
      name: 'InputError',
      field: 'scirpt',
      message: 'there is no field "scirpt"',
      hint: 'Did you mean "script"?',
    });
  });
});

describe('the answer to generate', () => {
  it.each([{}, { success: true }, { jobId: '' }, { jobId: null }, { jobId: {} }, null, 'ok', [], undefined])(
    'is refused where it holds no job id: %j',
    (body) => {
      expect(() => backend.parseGenerate(answer(body))).toThrow(
        expect.objectContaining({
          name: 'InvalidResponseError',
          status: 200,
          requestId: 'req-1',
          hint: expect.stringContaining('paid for'),
        }),
      );
    },
  );

  it('is quoted in the error, without secrets and without the query of a URL', () => {
    const body = {
      credits: 3,
      token: 'hush',
      nested: { apiKey: 'hush' },
      url: 'https://host/v.mp4?sig=hush',
      long: 'x'.repeat(10_000),
    };
    try {
      backend.parseGenerate(answer(body));
      expect.unreachable();
    } catch (error) {
      const { message } = error as Error;
      expect(message).toContain('"credits":3');
      expect(message).toContain('https://host/v.mp4?…');
      expect(message).not.toContain('hush');
      expect(message.length).toBeLessThan(700);
    }
  });

  it('may hold a number for an id', () => {
    expect(backend.parseGenerate(answer({ jobId: 42 })).jobId).toBe('42');
  });

  it.each(['success', 'completed', 'ready'])(
    'is never the end of the job, whatever it says (%s)',
    (status) => {
      expect(backend.parseGenerate(answer({ jobId: 'a', status }))).toMatchObject({ status: undefined });
    },
  );
});

describe('status', () => {
  it('asks by path', () => {
    expect(backend.status('job-1')).toEqual({ method: 'GET', url: '/api/videos/status/job-1' });
  });

  it('asks by query where told so', () => {
    expect(soraGateway({ statusRoute: 'query' }).status('job-1')).toEqual({
      method: 'GET',
      url: '/api/status?jobId=job-1&renderVersion=v3',
    });
  });

  it.each([
    null,
    [],
    'processing',
    {},
    { error: 'no' },
    { jobId: 'job-1' },
    { status: null },
    { status: ' ' },
  ])('refuses an answer that tells nothing: %j', (body) => {
    expect(() => statusOf(backend, answer(body), 'job-1')).toThrow(
      expect.objectContaining({ name: 'InvalidResponseError', jobId: 'job-1' }),
    );
  });

  it.each([{ jobId: 'job-2' }, { id: 'job-2' }, { jobId: 2 }])(
    'refuses an answer about another job: %j',
    (ids) => {
      expect(() => statusOf(backend, answer({ ...ids, status: 'completed' }), 'job-1')).toThrow(
        expect.objectContaining({ name: 'InvalidResponseError', jobId: 'job-1' }),
      );
    },
  );

  it('takes an answer that names no job', () => {
    expect(statusOf(backend, answer({ status: 'done' }), 'job-1')).toMatchObject({
      jobId: 'job-1',
      status: 'completed',
    });
  });

  it('takes progress as text, and an unknown word as unknown', () => {
    expect(statusOf(backend, answer({ status: 'paused', progress: '45%' }), 'job-1')).toMatchObject({
      status: undefined,
      unknownStatus: 'paused',
      progress: 45,
    });
  });

  it.each([
    [{ error: 'reason' }, 'reason'],
    [{ error: { message: 'reason', code: 'c' } }, 'reason'],
    [{ error: { code: 'c' } }, 'c'],
    [{ data: { error: 'reason' }, message: 'failed' }, 'reason'],
    [{ message: 'reason' }, 'reason'],
    [{ errors: ['reason', 'another'], message: 'failed' }, 'reason'],
    [{ errors: [{ message: 'reason' }] }, 'reason'],
    [{ errors: [{ code: 'c' }] }, 'c'],
    [{ error: ['reason'] }, 'reason'],
    [{ error: 'reason', errors: ['another'] }, 'reason'],
    [{ errors: [], message: 'reason' }, 'reason'],
    [{ errors: [null] }, undefined],
    [{ data: 'none', errors: 'reason' }, 'reason'],
    [{}, undefined],
  ])('finds the reason of a failure in %j', (fields, error) => {
    expect(statusOf(backend, answer({ status: 'failed', ...fields }), 'a').error).toBe(error);
  });

  it('takes a word such as expired for the reason where there is no other', () => {
    expect(statusOf(backend, answer({ status: 'expired' }), 'a')).toMatchObject({
      status: 'failed',
      error: 'expired',
    });
  });
});

describe('download', () => {
  it('asks by the job id and renderVersion', () => {
    expect(backend.download({ id: 'job-1' }, 'video')).toEqual({
      method: 'GET',
      url: '/api/download?jobId=job-1&renderVersion=v3',
    });
  });

  it('refuses a variant that there is not, and names those there are', () => {
    expect(() => backend.download({ id: 'a' }, 'reels' as 'video')).toThrow(
      expect.objectContaining({ name: 'InputError', field: 'variant', hint: 'Choose from video.' }),
    );
  });
});

describe('streams', () => {
  it('the WebSocket is at the root, and one message subscribes one job', () => {
    expect(backend.webSocket?.path).toBe('/');
    expect(JSON.parse(backend.webSocket?.subscribe?.('a"b') ?? '')).toEqual({
      action: 'subscribe',
      jobId: 'a"b',
    });
    expect(JSON.parse(backend.webSocket?.unsubscribe?.('a') ?? '')).toEqual({
      action: 'unsubscribe',
      jobId: 'a',
    });
  });

  it('one SSE request carries several jobs', () => {
    expect(backend.sse?.url(['a', 'b/c', 'd,e'])).toBe('/api/jobs/events?jobIds=a,b%2Fc,d%2Ce');
  });
});

describe('options', () => {
  it('a wrong name is refused, and the nearest right one named', () => {
    expect(() => soraGateway({ wallet: '0x1' } as object)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        option: 'wallet',
        message: expect.stringContaining('soraGateway'),
        hint: 'Did you mean "walletAddress"?',
      }),
    );
  });

  it.each([
    ['walletAddress', ''],
    ['walletAddress', 7],
    ['statusRoute', 'body'],
    ['renderVersion', ' '],
  ])('a wrong %s (%j) is refused', (option, value) => {
    expect(() => soraGateway({ [option]: value })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    );
  });
});

describe('the status route in the field', () => {
  const read = (body: object) => statusOf(backend, answer({ jobId: 'j', ...body }), 'j');

  it.each(['pending', 'processing', 'archived'])(
    '%s with a video that is available means completed',
    (status) => {
      expect(read({ status, progress: 50, ready: false, videoAvailable: true, videoId: 'v' })).toMatchObject({
        ...{ status: 'completed', unknownStatus: undefined },
      });
    },
  );

  it('a failed job stays failed, whatever is available', () => {
    expect(read({ status: 'failed', error: 'no', videoAvailable: true })).toMatchObject({ status: 'failed' });
  });

  it('its constant 50 is no progress; any other figure is', () => {
    expect(read({ status: 'processing', progress: 50 }).progress).toBeUndefined();
    expect(read({ status: 'processing', progress: 51 }).progress).toBe(51);
  });

  it.each(['error', 'success'])('an envelope that says %s, and names no job, is no end', (status) => {
    expect(() => statusOf(backend, answer({ status, message: 'busy' }), 'j')).toThrow(/tells no status/);
  });

  it('audio that is too large for a text is refused before it is read', async () => {
    const audioBuffer = Object.defineProperty(new Blob([]), 'size', { value: 410_000_000 });
    await expect(backend.generate({ scriptOrQuestion: 'x', audioBuffer })).rejects.toMatchObject({
      ...{ name: 'InputError', field: 'audioBuffer' },
    });
  });
});

it('an unknown status of a megabyte is cut', () => {
  const update = statusOf(backend, answer({ jobId: 'j', status: 'x'.repeat(1_000_000) }), 'j');
  expect(update.unknownStatus).toBe('x'.repeat(100));
});

it('the id of a broken frame is not looked for beyond its first 2,000 characters', () => {
  const broken = (blanks: number) => backend.webSocket?.parse(`{${' '.repeat(blanks)}"jobId":"j", "status":`);
  expect(broken(10)).toMatchObject({ type: 'problem', jobId: 'j' });
  expect(broken(2_000)).toMatchObject({ type: 'problem', jobId: undefined });
});

describe('ids that are numbers', () => {
  it('beyond 2^53 keep their digits in frames, and no other is rounded to one', () => {
    expect(backend.webSocket?.parse('{"jobId":1234567890123456789,"status":"processing"}')).toMatchObject({
      update: { jobId: '1234567890123456789' },
    });
    expect(() => backend.parseGenerate(answer({ jobId: 1e21 }))).toThrow(/no job id.*1e\+21/);
    expect(backend.parseGenerate(answer({ jobId: 12 })).jobId).toBe('12');
  });

  it('an id that is too long to be asked for is refused with the answer, and quoted', () => {
    expect(() => backend.parseGenerate(answer({ jobId: 'x'.repeat(2_049) }))).toThrow(/"x{100}/);
  });
});
