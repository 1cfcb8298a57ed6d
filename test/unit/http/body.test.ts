import { describe, expect, it, vi } from 'vitest';
import { discard } from '../../../src/http/body.js';

const answer = (body: unknown) => ({ body }) as Response;

describe('an answer that nobody reads', () => {
  it('is cancelled where it is a stream of the web, whatever that rejects with', async () => {
    const cancel = vi.fn(() => Promise.reject(new Error('it is locked')));
    const destroy = vi.fn();
    discard(answer({ cancel, destroy }));
    await Promise.resolve();
    expect(cancel).toHaveBeenCalledOnce();
    expect(destroy).not.toHaveBeenCalled();
  });

  it('is destroyed where it is a stream of Node', () => {
    const destroy = vi.fn();
    discard(answer({ destroy }));
    expect(destroy).toHaveBeenCalledOnce();
  });

  it.each([[undefined], [null], [{}], [{ cancel: () => undefined }]])(
    'is left alone where it is %o',
    (body) => {
      expect(() => discard(answer(body))).not.toThrow();
    },
  );
});
