import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relayBackend } from '../../../src/backends/relay.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import type { JobSnapshot, JobUpdate } from '../../../src/core/model.js';
import {
  acknowledged,
  CONNECTED,
  isNews,
  type JobView,
  problem,
  readMessage,
  viewOf,
} from '../../../src/relay/frames.js';

const base = { id: 'gen_abc123', updatedAt: new Date(0), transport: 'polling', raw: { secret: 1 } } as const;

const SNAPSHOTS: Readonly<Record<string, readonly [JobSnapshot, JobView, Partial<JobUpdate>]>> = {
  'a queued one with its place': [
    { ...base, status: 'queued', progress: 0, indeterminate: true, queuePosition: 3 },
    { jobId: 'k', status: 'queued', progress: 0, queuePosition: 3 },
    { status: 'queued', progress: 0, queuePosition: 3 },
  ],
  'one at work, whose words name it': [
    { ...base, status: 'processing', progress: 50, message: 'Rendering gen_abc123' },
    { jobId: 'k', status: 'processing', progress: 50, message: 'Rendering k' },
    { status: 'processing', progress: 50, message: 'Rendering k' },
  ],
  'a failed one with a code': [
    { ...base, status: 'failed', progress: 20, error: 'See https://x.example/gen_abc123', errorCode: 'nsfw' },
    { jobId: 'k', status: 'failed', progress: 20, error: 'See …', errorCode: 'nsfw' },
    { status: 'failed', error: 'See …', errorCode: 'nsfw' },
  ],
  'a failed one without words': [
    { ...base, status: 'failed', progress: 0, error: '' },
    { jobId: 'k', status: 'failed', progress: 0, error: '' },
    { status: 'failed' },
  ],
  'a completed one': [
    { ...base, status: 'completed', progress: 100, videoUrl: 'https://signed.example/v?sig=1' },
    { jobId: 'k', status: 'completed', progress: 100, videoUrl: '/api/download?jobId=k' },
    { status: 'completed', progress: 100, videoUrl: '/api/download?jobId=k' },
  ],
  'one with several files, and an end of them': [
    {
      ...base,
      ...{ status: 'completed', progress: 100, expiresAt: new Date(1_700_000_000_900) },
      outputs: [
        { url: 'https://signed.example/0', type: 'video/mp4', name: 'gen_abc123.mp4' },
        { url: 'https://signed.example/1', type: 'text/html; charset=utf-8' },
      ],
    },
    {
      ...{ jobId: 'k', status: 'completed', progress: 100, contentExpiresAt: 1_700_000_000 },
      videoUrl: '/api/download?jobId=k',
      outputs: [
        { url: '/api/download?jobId=k', type: 'video/mp4' },
        { url: '/api/download?jobId=k&output=1' },
      ],
    },
    { status: 'completed', expiresAt: new Date(1_700_000_000_000) },
  ],
};

describe.each(Object.entries(SNAPSHOTS))('a snapshot of %s', (_, [snapshot, view, update]) => {
  it('is told without what the server calls it, and where its files are', () => {
    expect(viewOf('k', snapshot)).toEqual(view);
  });

  it('is understood by a page, as a frame, an event and a status', () => {
    const { parseStatus, sse, webSocket } = relayBackend();
    const text = JSON.stringify(viewOf('k', snapshot));
    const read = { type: 'update', update: expect.objectContaining({ jobId: 'k', ...update }) };
    expect(webSocket?.parse(text)).toEqual(read);
    expect(sse?.parse(text, { event: 'message' })).toEqual(read);
    const answer = { status: 200, headers: new Headers(), body: JSON.parse(text) };
    expect(parseStatus(answer, 'k')).toEqual(read.update);
  });
});

describe('a page', () => {
  const pages = [relayBackend(), soraGateway()].map(({ webSocket }) => webSocket);

  it('takes the greeting and acknowledgements for the proof that it is heard', () => {
    for (const page of pages) {
      for (const frame of [CONNECTED, acknowledged('subscribe', 'k'), acknowledged('unsubscribe', 'k')])
        expect(page?.parse(frame)).toEqual({ type: 'control' });
    }
  });

  it('takes a problem with a job for no end of it', () => {
    for (const page of pages) {
      expect(page?.parse(problem('No such job', 'k'))).toMatchObject({ type: 'problem', jobId: 'k' });
      expect(page?.parse(problem('Invalid message format'))).toEqual({
        type: 'problem',
        message: expect.stringContaining('Invalid message format'),
        jobId: undefined,
      });
    }
  });
});

describe('what a page says', () => {
  it('is what to do for which job', () => {
    const { webSocket } = relayBackend();
    expect(readMessage(webSocket?.subscribe?.('k') ?? '')).toEqual({ action: 'subscribe', jobId: 'k' });
    expect(readMessage(webSocket?.unsubscribe?.('k') ?? '')).toEqual({ action: 'unsubscribe', jobId: 'k' });
  });

  it('is read behind a byte order mark', () => {
    const message = { action: 'subscribe', jobId: 'k' };
    expect(readMessage(`\uFEFF${JSON.stringify(message)}`)).toEqual(message);
  });

  it.each(['', '{', '[1', 'subscribe', '7', 'null', '"x"', 'true'])('%j is no message', (text) => {
    expect(readMessage(text)).toEqual({ error: 'Invalid message format' });
  });

  it.each([
    '[]',
    '{}',
    '{"action":"subscribe"}',
    '{"action":"subscribe","jobId":""}',
    '{"action":"subscribe","jobId":7}',
    '{"action":"subscribe","jobId":["k"]}',
    '{"action":"toString","jobId":"k"}',
    '{"action":"__proto__","jobId":"k"}',
    `{"action":"subscribe","jobId":"${'k'.repeat(256)}"}`,
  ])('%s is no message that is known', (text) => {
    expect(readMessage(text)).toEqual({ error: 'Unknown action or missing jobId' });
  });

  it('throws nothing, whatever it is', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readMessage(text)));
  });
});

describe('news of a job', () => {
  const view = (status: JobView['status'], progress: number): JobView => ({ jobId: 'k', status, progress });

  it('is what moves on, or says more of the same place', () => {
    expect(isNews(view('queued', 0), undefined)).toBe(true);
    expect(isNews(view('processing', 0), view('queued', 0))).toBe(true);
    expect(isNews(view('processing', 30), view('processing', 30))).toBe(true);
    expect(isNews(view('completed', 100), view('processing', 99))).toBe(true);
    expect(isNews(view('failed', 0), view('processing', 99))).toBe(true);
  });

  it('is nothing that moves back, or comes after the end', () => {
    expect(isNews(view('queued', 0), view('processing', 0))).toBe(false);
    expect(isNews(view('processing', 29), view('processing', 30))).toBe(false);
    expect(isNews(view('failed', 0), view('completed', 100))).toBe(false);
    expect(isNews(view('completed', 100), view('failed', 0))).toBe(false);
  });
});
