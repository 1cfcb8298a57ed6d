import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatElapsed,
  jsonLine,
  shellCommand,
  shorten,
  visible,
} from '../../../src/cli/text.js';

/** Characters that a terminal obeys, or that cannot be seen. */
const HIDDEN = [
  ...['\0', '\u0007', '\b', '\t', '\n', '\r', '\u001b', '\u007f'],
  ...['\u0085', '\u009b', '\u009d', '\u00ad', '\u061c', '\u115f', '\u180e', '\u200b', '\u200d', '\u200f'],
  ...['\u2028', '\u2029', '\u202e', '\u2066', '\u2060', '\u3164', '\ufe0e', '\ufeff', '\uffa0', '\u{e0041}'],
];
const hostile = fc
  .array(
    fc.oneof(fc.constantFrom(...HIDDEN), fc.constantFrom(...'$`"\'\\!~*?#&|;<>(){}= é猫🎬'), fc.string()),
  )
  .map((parts) => parts.join(''));

function expectPlain(text: string): void {
  for (const char of HIDDEN) expect(text.includes(char)).toBe(false);
}

describe('words of others on a terminal', () => {
  it('hold nothing that it obeys and nothing that cannot be seen', () => {
    fc.assert(fc.property(hostile, (text) => expectPlain(visible(text))));
  });

  it('stay as they are where everything is seen', () => {
    expect(visible('Rendering 猫 ❤️ é (50 %) $(x)')).toBe('Rendering 猫 ❤️ é (50 %) $(x)');
    expect(visible('a\u001b[2J\u{e0041}\ud800')).toBe('a\\u{1b}[2J\\u{e0041}\\u{d800}');
  });

  it('are the same JSON when they are escaped in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = jsonLine({ text });
        expectPlain(line);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });
});

describe('a command to paste', () => {
  it('shows nothing hidden', () => {
    fc.assert(fc.property(hostile, (word) => expectPlain(shellCommand([word]))));
  });

  it('is read back by a shell word for word, and runs nothing', () => {
    const words = [
      ...['', '-x', '=ls', '~', '$(touch pwned)', '`id`', "it's", '!!', 'a\\', '*', '#', 'a b'],
      ...["\u001b]0;x\u0007'", '\n rm -rf .', '\u009b\\033!', '\u202e;id', '\u200b$(id)', '\u{e0041}'],
      // Shells hold no NUL in a word.
      ...fc.sample(hostile, 300).map((word) => word.replaceAll(/[\0\p{Cs}]/gu, '')),
    ];
    const read = execFileSync('bash', ['-c', `printf '%s\\0' ${shellCommand(words)}`]);
    expect(String(read).split('\0').slice(0, -1)).toEqual(words);
  });

  it('leaves words alone that need no quotes', () => {
    expect(shellCommand(['reelwire', '--base-url', 'http://localhost:3001', 'job_1'])).toBe(
      'reelwire --base-url http://localhost:3001 job_1',
    );
  });
});

describe('sizes, times and long texts', () => {
  it('are told in few characters', () => {
    expect([999, 1_000, 14_200, 3_000_000_000].map(formatBytes)).toEqual([
      '999 B',
      '1.0 kB',
      '14.2 kB',
      '3.0 GB',
    ]);
    expect([0, 59_999, 60_000, 125_000].map(formatElapsed)).toEqual([
      '0 s',
      '59 s',
      '1 min 00 s',
      '2 min 05 s',
    ]);
    expect([shorten('abcd', 4), shorten('abcde', 4)]).toEqual(['abcd', 'abc…']);
  });
});
