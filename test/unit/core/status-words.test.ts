import { expect, it } from 'vitest';
import { statusOfWord } from '../../../src/core/status-words.js';

const WORDS = {
  queued: ['queued', 'pending', 'not_start'],
  processing: ['started', 'generating', 'processing', 'in_progress', 'progress', 'running', 'rendering'],
  completed: ['completed', 'complete', 'succeeded', 'success', 'done', 'ready'],
  failed: ['failed', 'error', 'cancelled', 'canceled', 'expired', 'timeout', 'rejected'],
};

it.each(Object.entries(WORDS))(
  '%s is what these words mean, in any case and with space around: %j',
  (status, words) => {
    for (const word of words) {
      expect(statusOfWord(word), word).toBe(status);
      expect(statusOfWord(` ${word.toUpperCase()}\n`), word).toBe(status);
    }
  },
);

it.each(['', 'paused', 'constructor', '__proto__', 'completed!', 7, null, undefined, {}])(
  '%j means nothing',
  (word) => {
    expect(statusOfWord(word)).toBeUndefined();
  },
);
