import { shellCommand } from './text.js';

/** `client.status("job_1")`: what it does, and to which job, as JSON. */
const CALL =
  /(?:await )?client\.(subscribe|status|download|cancel)\(("(?:[^"\\]|\\.)*")\)(?:\.completed\(\))?/g;
const COMMANDS: Readonly<Record<string, string>> = { subscribe: 'watch' };

/** Words of programs, and what they are here. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/client\.diagnose\(\)/g, 'reelwire doctor'],
  [/ of a new VideoClient\b/g, ''],
  [/,? or give (?:it )?an idempotencyKey\b/g, ''],
  [/,? or give a larger timeouts\.\w+(?: \([^)]*\))?/g, ''],
  [/\btimeoutMs\b/g, '--timeout-seconds'],
  [/\buse stream\(\), blob\(\) or bytes\(\)/gi, 'use --output - for stdout'],
  [
    /\bUse save\(\), which can begin again by itself, or stream it again\b/g,
    'Use --output with a path, or start again',
  ],
  [/\bthe auth option\b/g, 'REELWIRE_TOKEN, or --token-file'],
  [/\bbaseUrl\b/g, '--base-url'],
  [/\bwebSocketUrl\b/g, '--web-socket-url'],
];

/** Hints name the way to go on in a program: here it is a command. */
export function inShellWords(hint: string): string {
  const told = hint.replace(CALL, (call, method: string, literal: string) => {
    try {
      const jobId = JSON.parse(literal) as string;
      return shellCommand(['reelwire', COMMANDS[method] ?? method, jobId]);
    } catch {
      return call; // A server wrote it.
    }
  });
  return WORDS.reduce((text, [pattern, words]) => text.replace(pattern, words), told);
}
