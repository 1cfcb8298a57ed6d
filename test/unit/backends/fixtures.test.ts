import { describe, expect, it } from 'vitest';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { parseErrorBody } from '../../../src/core/error-body.js';
import { readUpdate } from '../../../src/core/fields.js';
import type { JobUpdate } from '../../../src/core/model.js';
import { readVidBuilderUpdate } from '../../../src/core/vid-builder-update.js';
import { answer, fixture, fixtures, plain, statusOf } from './fixtures.js';

const backends = {
  'sora-gateway': soraGateway(),
  'vid-builder': vidBuilder(),
  'openai-videos': openAIVideos(),
} as const;

describe.each(Object.entries(backends))('%s understands', (folder, backend) => {
  it.each(fixtures(folder, 'generate'))('the answer to generate: $name', ({ body, expect: wanted }) => {
    const update = backend.parseGenerate(answer(body));
    expect(plain(update)).toEqual(wanted);
    expect(update.raw).toBe(body);
  });

  it.each(fixtures(folder, 'status'))('the answer to status: $name', ({ body, expect: wanted }) => {
    const { jobId } = wanted as JobUpdate;
    const update = statusOf(backend, answer(body), jobId);
    expect(plain(update)).toEqual(wanted);
    expect(update.raw).toBe(body);
  });

  it.each(fixtures(folder, 'error'))('the error body: $name', ({ body, expect: wanted }) => {
    expect(plain(parseErrorBody(body))).toEqual(wanted);
  });
});

it.each(fixtures('vid-builder', 'generate-blocking'))(
  'vid-builder understands the answer of the blocking call: $name',
  ({ body, expect: wanted }) => {
    const update = vidBuilder({ blocking: true }).parseGenerate(answer(body));
    expect(plain(update)).toEqual(wanted);
    expect(update.raw).toBe(body);
  },
);

it.each(['websocket', 'sse'])('sora-gateway understands every frame of %s', (call) => {
  const { webSocket, sse } = backends['sora-gateway'];
  const parse = call === 'websocket' ? webSocket?.parse : sse?.parse;
  const frames = fixtures('sora-gateway', call);
  expect(frames.length).toBeGreaterThan(3);
  for (const { name, body, expect: wanted } of frames) {
    expect(plain(parse?.(JSON.stringify(body))), name).toMatchObject(wanted as object);
  }
});

describe('openai-videos understands', () => {
  const { list, delete: remove, remix } = openAIVideos().operations ?? {};

  it('a page of the list', () => {
    const { body, expect: wanted } = fixture('openai-videos', 'list');
    expect(plain(list?.parse(answer(body)))).toEqual(wanted);
  });

  it('the answer to delete', () => {
    const { body, expect: wanted } = fixture('openai-videos', 'delete');
    expect(remove?.parse(answer(body))).toEqual(wanted);
  });

  it('the answer to remix, which is a new job', () => {
    const { body, expect: wanted } = fixture('openai-videos', 'remix');
    expect(plain(remix?.parse(answer(body)))).toEqual(wanted);
  });
});

describe('a webhook is read like a status answer', () => {
  const payloads = fixtures('webhooks').filter(({ name }) => !name.startsWith('openai'));
  it.each(payloads)('$name', ({ name, body, expect: wanted }) => {
    const read = name.startsWith('gateway') ? readUpdate : readVidBuilderUpdate;
    const payload = body as { jobId: string };
    expect(plain(read(payload, payload.jobId))).toEqual(wanted);
  });
});

it('every fixture says where it is from', () => {
  for (const folder of [...Object.keys(backends), 'webhooks']) {
    for (const { name, source, call } of fixtures(folder)) {
      expect(source, name).toMatch(/^PROTOCOL §\d /);
      expect(call, name).not.toBe('');
    }
  }
});
