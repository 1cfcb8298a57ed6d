import { describe, expect, it } from 'vitest';
import { comfyUI } from '../../../../src/backends/hosted/comfy-ui.js';
import { fal } from '../../../../src/backends/hosted/fal.js';
import { openRouter } from '../../../../src/backends/hosted/open-router.js';
import { replicate } from '../../../../src/backends/hosted/replicate.js';
import { runway } from '../../../../src/backends/hosted/runway.js';
import { xai } from '../../../../src/backends/hosted/xai.js';
import { parseErrorBody } from '../../../../src/core/error-body.js';
import type { JobUpdate } from '../../../../src/core/model.js';
import { answer, fixtures, plain, statusOf } from '../fixtures.js';

/** Each hosted backend, by the folder of what its service says. */
const backends = {
  'comfy-ui': comfyUI(),
  fal: fal({ model: 'fal-ai/veo3.1' }),
  'open-router': openRouter({ model: 'google/veo-3.1' }),
  replicate: replicate({ model: 'google/veo-3.1' }),
  runway: runway({ model: 'gen4.5' }),
  xai: xai({ model: 'grok-imagine-video' }),
} as const;

describe.each(Object.entries(backends))('%s understands', (folder, backend) => {
  it.each(fixtures(folder, 'generate'))('the answer to a submit: $name', ({ body, expect: wanted }) => {
    const update = backend.parseGenerate(answer(body));
    expect(plain(update)).toEqual(wanted);
    expect(update.raw).toBe(body);
  });

  it.each(fixtures(folder, 'status'))('the answer to a status call: $name', (told) => {
    const { body, httpStatus, expect: wanted } = told;
    const { jobId } = wanted as JobUpdate;
    const update = statusOf(backend, answer(body, httpStatus), jobId);
    expect(plain(update)).toEqual(wanted);
    expect(update.raw).toBe(body);
  });

  it.each(fixtures(folder, 'error'))('the error body: $name', ({ body, expect: wanted }) => {
    expect(plain((backend.parseError ?? parseErrorBody)(body))).toEqual(wanted);
  });

  it('what each fixture has a source for', () => {
    for (const { name, source, call } of fixtures(folder)) {
      expect(source, name).toMatch(/\w+ \w+/);
      expect(call, name).not.toBe('');
    }
  });
});
