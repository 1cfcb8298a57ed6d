import { describe, expect, it } from 'vitest';
import { checkJobId, encodeJobId, isJobId } from '../../../src/core/job-id.js';

describe('a job id', () => {
  it.each(['a', 'job-1', 'a/b', '..a', 'a..', '...', 'a.b/c'])(
    'may be %j, and is one segment of a path',
    (id) => {
      expect(checkJobId(id)).toBe(id);
      expect(isJobId(id)).toBe(true);
      expect(encodeJobId(id)).toBe(encodeURIComponent(id));
    },
  );

  it('may be of any script, and of 2,048 characters', () => {
    for (const id of ['é😀', 'x'.repeat(2_048)]) expect(checkJobId(id)).toBe(id);
  });

  it.each([
    [undefined, 'must be a string, not undefined'],
    [null, 'must be a string, not null'],
    [7, 'must be a string, not number'],
    [{}, 'must be a string, not object'],
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['x'.repeat(2_049), 'is 2049 characters long, more than 2048'],
    ['.', 'must not hold a dot segment'],
    ['..', 'must not hold a dot segment'],
    ['a/..', 'must not hold a dot segment'],
    ['../a', 'must not hold a dot segment'],
    ['a/./b', 'must not hold a dot segment'],
    ['a\\..\\b', 'must not hold a dot segment'],
    ['%2e%2e', 'must not hold a dot segment'],
    ['a%2F..%5cb', 'must not hold a dot segment'],
    ['..;a', 'must not hold a dot segment'],
    ['a\ud800', 'is not well-formed Unicode'],
  ])('may not be %j', (id, problem) => {
    expect(() => checkJobId(id)).toThrowError(
      expect.objectContaining({
        code: 'invalid-input',
        field: 'jobId',
        message: `jobId ${problem}`,
        hint: 'Give the id of the job as the server gave it, such as job.id.',
      }),
    );
    if (typeof id === 'string') expect(isJobId(id)).toBe(false);
  });
});
