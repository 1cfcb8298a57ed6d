import { expect, it } from 'vitest';
import { unknownStatusWarning } from '../../../src/core/unknown-status.js';

it('an unknown status word gives a warning that names the word, escaped, and the job', () => {
  const update = { jobId: 'job-1', raw: undefined };
  expect(unknownStatusWarning({ ...update, status: 'queued' })).toBeUndefined();
  expect(unknownStatusWarning({ ...update, unknownStatus: 'paused\n' })).toMatchObject({
    code: 'unknown-status',
    jobId: 'job-1',
    message: expect.stringContaining('"paused\\n"'),
  });
});
