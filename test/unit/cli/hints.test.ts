import { expect, it } from 'vitest';
import { inShellWords } from '../../../src/cli/hints.js';

it.each([
  [
    'Wait for its end first: await client.subscribe("job-1").completed().',
    'Wait for its end first: reelwire watch job-1.',
  ],
  [
    'The job may still be running. Go on with client.subscribe("it\'s \\"$(x)\\""), or give a larger timeoutMs.',
    `The job may still be running. Go on with reelwire watch 'it'\\''s "$(x)"', or give a larger --timeout-seconds.`,
  ],
  ['Go on with client.subscribe("job-1") of a new VideoClient.', 'Go on with reelwire watch job-1.'],
  ['Try it again with client.cancel("j").', 'Try it again with reelwire cancel j.'],
  ['Look for it with client.status("\\u001b[2J").', "Look for it with reelwire status $'\\033[2J'."],
  ['client.diagnose() tells which.', 'reelwire doctor tells which.'],
  ['Look for the job first, or give an idempotencyKey.', 'Look for the job first.'],
  [
    'Check the server, or give a larger timeouts.requestMs (jobMs where it answers when the video is made).',
    'Check the server.',
  ],
  [
    'Nothing was left behind. Give another path, or use stream(), blob() or bytes().',
    'Nothing was left behind. Give another path, or use --output - for stdout.',
  ],
  ['Check the auth option.', 'Check REELWIRE_TOKEN, or --token-file.'],
  [
    'Check that the server runs, and the port in baseUrl.',
    'Check that the server runs, and the port in --base-url.',
  ],
  ['client.status("broken\\q")', 'client.status("broken\\q")'],
])('a hint is in words of the command line: %s', (hint, told) => {
  expect(inShellWords(hint)).toBe(told);
});
