import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGatewayFrame } from '../../../src/backends/sora-gateway-frame.js';

const parse = (frame: unknown) => parseGatewayFrame(JSON.stringify(frame));

describe('a typed frame without a status', () => {
  it('of type completed means completed', () => {
    expect(parse({ type: 'completed', jobId: 'a', videoId: 'v' })).toMatchObject({
      update: { jobId: 'a', status: 'completed' },
    });
  });

  it('of type error means failed', () => {
    expect(parse({ type: 'error', jobId: 'a', error: 'x' })).toMatchObject({
      update: { jobId: 'a', status: 'failed', error: 'x' },
    });
  });
});

it('a known status is worth more than the type', () => {
  expect(parse({ type: 'progress', jobId: 'a', status: 'completed' })).toMatchObject({
    update: { status: 'completed' },
  });
});

it('an unknown status is told and changes nothing, also where a type that is known stands beside it', () => {
  expect(parse({ type: 'completed', jobId: 'a', status: 'ok' })).toMatchObject({
    update: { status: undefined, unknownStatus: 'ok' },
  });
  expect(parse({ jobId: 'a', status: 'paused' })).toMatchObject({ update: { unknownStatus: 'paused' } });
});

describe('a frame whose type is unknown, without a status,', () => {
  it.each([
    [{ type: 'moderated', jobId: 'a' }, 'moderated'],
    [{ type: 'moderated', jobId: 'a', error: 'Blocked' }, 'moderated'],
    [{ type: 'moderated', jobId: 'a', progress: 40, message: 'Blocked' }, 'moderated'],
    [{ type: 'x'.repeat(1_000), jobId: 'a' }, 'x'.repeat(100)],
  ])('tells the word, and changes no status: %j', (frame, word) => {
    expect(parse(frame)).toMatchObject({ update: { jobId: 'a', status: undefined, unknownStatus: word } });
  });

  it('is an event of that name, too', () => {
    expect(parseGatewayFrame('{"jobId":"a"}', 'moderated')).toMatchObject({
      update: { jobId: 'a', unknownStatus: 'moderated' },
    });
  });

  it.each(['update', 'message', 'status'])('tells none where it is a name for anything: %s', (type) => {
    expect(parse({ type, jobId: 'a', progress: 40 })).toMatchObject({
      update: { progress: 40, unknownStatus: undefined },
    });
    expect(parse({ type, jobId: 'a' })).toEqual({ type: 'control' });
  });

  it('says nothing where no job is named', () => {
    expect(parse({ type: 'moderated' })).toEqual({ type: 'control' });
  });
});

it('an unknown status is cut, however long it is', () => {
  const status = 'x'.repeat(1_000_000);
  expect(parse({ jobId: 'a', status })).toMatchObject({ update: { unknownStatus: status.slice(0, 100) } });
});

it('progress 0 is something said', () => {
  expect(parse({ jobId: 'a', progress: 0 })).toMatchObject({ type: 'update', update: { progress: 0 } });
});

it('an acknowledgement that brings the status is an update', () => {
  expect(parse({ type: 'subscribed', jobId: 'a', status: 'completed' })).toMatchObject({
    update: { status: 'completed' },
  });
});

it('a frame of another type proves the stream and says nothing else', () => {
  expect(parse({ type: 'heartbeat' })).toEqual({ type: 'control' });
  expect(parse({ type: 'heartbeat', jobId: 'a' })).toEqual({ type: 'control' });
});

describe('a problem', () => {
  it.each([
    ['', 'not JSON'],
    ['{"jobId":', 'not JSON'],
    ['[]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['"completed"', 'not a JSON object'],
    ['{}', 'names no job'],
    ['{"status":"completed"}', 'names no job'],
    ['{"type":"progress","status":"completed","jobId":""}', 'names no job'],
    ['{"jobId":"a"}', 'says nothing of its job'],
    ['{"type":"error","message":"slow down"}', '"slow down"'],
  ])('is made of %s', (frame, words) => {
    expect(parseGatewayFrame(frame)).toMatchObject({
      type: 'problem',
      message: expect.stringContaining(words),
    });
  });

  it('names its job where that much can be read', () => {
    expect(parseGatewayFrame('{"jobId":"job-1","status":"comp')).toMatchObject({
      type: 'problem',
      jobId: 'job-1',
    });
  });

  it('is not searched for the name of its job beyond 2,000 characters', () => {
    const late = `{"message":"${'x'.repeat(2_000)}","jobId":"job-1","status":"comp`;
    expect(parseGatewayFrame(late)).toMatchObject({ type: 'problem', jobId: undefined });
  });

  it('is made of an error about a job that is not said to have failed, which does not end it', () => {
    expect(parse({ jobId: 'a', error: 'Not subscribed' })).toMatchObject({
      type: 'problem',
      jobId: 'a',
      message: expect.stringContaining('"Not subscribed"'),
    });
  });

  it('quotes the words of the server on one line, cut', () => {
    const { message } = parse({ error: `a\nb${'x'.repeat(5_000)}` }) as { message: string };
    expect(message).toContain('a\\nb');
    expect(message.length).toBeLessThan(600);
  });
});

it('any text at all is taken without an error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(['update', 'control', 'problem']).toContain(parseGatewayFrame(text).type);
    }),
    { numRuns: 2_000 },
  );
});

it('any value in any field is taken without an error, and never makes an end of no status', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom('progress', 'subscribed', 'processing', 'x'));
  const names = ['type', 'progress', 'status', 'message', 'error', 'data', 'step', 'url', 'expires_at'];
  const ends =
    /completed|complete|succeeded|success|done|ready|failed|error|cancell?ed|expired|timeout|rejected/i;
  fc.assert(
    fc.property(
      fc.record(Object.fromEntries(names.map((name) => [name, field])), { requiredKeys: [] }),
      (frame) => {
        const message = parse({ jobId: 'a', ...frame });
        if (message.type !== 'update' || ends.test(JSON.stringify([frame.status, frame.type]))) return;
        expect(['queued', 'processing', undefined]).toContain(message.update.status);
      },
    ),
    { numRuns: 2_000 },
  );
});
