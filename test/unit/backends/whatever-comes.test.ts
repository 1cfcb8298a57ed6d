import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comfyUI } from '../../../src/backends/hosted/comfy-ui.js';
import { parseComfyFrame } from '../../../src/backends/hosted/comfy-ui-frame.js';
import { fal } from '../../../src/backends/hosted/fal.js';
import { openRouter } from '../../../src/backends/hosted/open-router.js';
import { replicate } from '../../../src/backends/hosted/replicate.js';
import { runway } from '../../../src/backends/hosted/runway.js';
import { xai } from '../../../src/backends/hosted/xai.js';
import { openAIVideos } from '../../../src/backends/openai-videos.js';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { parseGatewayFrame } from '../../../src/backends/sora-gateway-frame.js';
import { vidBuilder } from '../../../src/backends/vid-builder.js';
import { parseErrorBody } from '../../../src/core/error-body.js';
import { applyUpdate } from '../../../src/core/job-state.js';
import type { JobSnapshot } from '../../../src/core/model.js';
import { isRecord } from '../../../src/core/record.js';
import { InvalidResponseError } from '../../../src/errors.js';
import { answer, fixtures } from './fixtures.js';

/** Each backend, by the folder of what its server says. */
const backends = {
  'sora-gateway': soraGateway(),
  'vid-builder': vidBuilder({ webhookUrl: 'https://example.com/hook' }),
  'openai-videos': openAIVideos(),
  'open-router': openRouter(),
  replicate: replicate(),
  'comfy-ui': comfyUI(),
  fal: fal({ model: 'fal-ai/veo3.1' }),
  runway: runway(),
  xai: xai(),
} as const;

/** Whoever makes a text of it, or a number, throws. */
const BARE = { toString: 1, valueOf: 1 };

describe.each(Object.entries(backends))('what %s is told', (folder, backend) => {
  const bodies = fixtures(folder).map(({ body }) => body);

  it('is understood or refused as what it is, whatever stands in any field of it', () => {
    const seen = bodies.flatMap((body) => (isRecord(body) ? Object.entries(body) : []));
    const names = [...new Set([...seen.map(([name]) => name), 'fail_reason', 'data', 'output', 'metadata'])];
    const words = seen.flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(...words, BARE, [BARE]));
    const fields = fc.record(Object.fromEntries(names.map((name) => [name, field])), { requiredKeys: [] });
    const read = (by: () => unknown) => {
      try {
        return by();
      } catch (error) {
        return expect(error).toBeInstanceOf(InvalidResponseError);
      }
    };
    fc.assert(
      fc.property(fc.oneof(fields, fc.jsonValue()), (body) => {
        read(() => backend.parseGenerate(answer(body)));
        read(() => backend.parseGenerate(answer(body), { method: 'POST', url: '/a/b/c?d=e' }));
        read(() => {
          const told = backend.parseStatus(answer(body), 'a');
          if ('next' in told) for (const status of [200, 202]) read(() => told.parse(answer(body, status)));
        });
        for (const status of [400, 404, 410, 422, 499, 500]) {
          for (const call of ['status', 'followUp'] as const) {
            const refusal = { status, headers: new Headers(), body, call };
            read(() => backend.parseRefusal?.(refusal, 'a'));
          }
        }
        const said = JSON.stringify(body);
        expect(backend.sse?.parse(said, { event: 'message', jobId: 'a' }).type).not.toBe('');
        (backend.parseError ?? parseErrorBody)(body);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('a frame whose type is no text is one without a type', () => {
  const frame = { jobId: 'a', status: 'processing', type: BARE };
  expect(parseGatewayFrame(JSON.stringify(frame))).toMatchObject({
    type: 'update',
    update: { jobId: 'a', status: 'processing' },
  });
});

it('an error body names no place that is neither a name nor a number', () => {
  const detail = [{ loc: ['body', BARE, 0, [BARE]], msg: 'Field required' }];
  expect(parseErrorBody({ detail }).message).toBe('body.0: Field required');
});

it('the URL of a video that stands as a reason is none where that is no text', () => {
  const body = { id: 'a', status: 'completed', fail_reason: BARE };
  expect(openAIVideos().parseStatus(answer(body), 'a')).toMatchObject({
    status: 'completed',
    videoUrl: undefined,
  });
});

it('a frame of ComfyUI is read whatever is in it, and whatever the job was known by, and never tells of less than nothing', () => {
  const types = ['execution_start', 'execution_cached', 'executing', 'progress', 'progress_state'];
  const all = [
    ...types,
    'executed',
    'execution_success',
    'execution_error',
    'execution_interrupted',
    'status',
  ];
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(BARE, [BARE], '3', ['3', '4']));
  const state = fc.record({ value: odd, max: odd, state: odd, display_node_id: odd }, { requiredKeys: [] });
  const data = fc.record(
    {
      ...{
        prompt_id: fc.constantFrom<unknown>('a', BARE, 7),
        node: odd,
        display_node: odd,
        value: odd,
        max: odd,
      },
      ...{ nodes: fc.oneof(odd, fc.dictionary(fc.constantFrom('3', '4', '9.0'), fc.oneof(state, odd))) },
      ...{ exception_type: odd, exception_message: odd, node_id: odd, node_type: odd, sid: odd },
    },
    { requiredKeys: [] },
  );
  const prompt = fc.oneof(odd, fc.dictionary(fc.constantFrom('3', '4'), odd));
  const raw = fc.oneof(odd, fc.record({ workflow: fc.record({ prompt }) }), fc.tuple(odd, odd, prompt));
  const frame = fc.record({ type: fc.oneof(fc.constantFrom(...all), odd), data: fc.oneof(data, odd) });
  fc.assert(
    fc.property(raw, fc.array(fc.oneof(frame, fc.jsonValue()), { maxLength: 6 }), (first, frames) => {
      let known: JobSnapshot | undefined = applyUpdate(
        undefined,
        { jobId: 'a', status: 'queued', raw: first },
        'polling',
        0,
      );
      for (const one of frames) {
        const message = parseComfyFrame(JSON.stringify(one) ?? '', () => known);
        if (message.type !== 'update') continue;
        expect(message.update.progress ?? 0).toBeGreaterThanOrEqual(0);
        expect(message.update.progress ?? 0).toBeLessThanOrEqual(100);
        known = applyUpdate(known, message.update, 'websocket', 0);
      }
    }),
    { numRuns: 2_000 },
  );
});
