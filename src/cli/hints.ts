import { jobsCommand } from './jobs-folder.js';
import { runner, shellCommand } from './text.js';

/** `client.status("job_1")`: what it does, and to which job, as JSON. */
const CALL =
  /(?:await )?client\.(subscribe|status|download|cancel)\(("(?:[^"\\]|\\.)*")\)(?:\.completed\(\))?/g;
/** `client.adopt("order-7", its id)`, and `client.forget("order-7")`. */
const RECORD_CALL = /(?:call )?client\.(adopt|forget)\(("(?:[^"\\]|\\.)*")(, its id)?\)/g;
/** As hints about a job that may still run end. */
const RESUME =
  / (?:Resume|Then follow the job again) with client\.subscribe\("(?:[^"\\]|\\.)*"\)(?:, or give a larger timeoutMs| of a new VideoClient)?\.$/;
const COMMANDS: Readonly<Record<string, string>> = { subscribe: 'watch' };

export const TOKEN = 'REELWIRE_TOKEN, or --token-file';
const MODEL = 'Give --model, or REELWIRE_MODEL';

/** Of what a receiver is told: here the delivery comes on stdin. */
const OF_WEBHOOKS: readonly (readonly [RegExp, string])[] = [
  [
    /\bCheck that the environment variable is set where the receiver runs\b/g,
    'Check that REELWIRE_WEBHOOK_SECRET is set, or give --secret',
  ],
  [/ ?\bWhere it is built without it, as by `next build`, give a function: .*$/, ''],
  [/ If it is really so, give its bytes\./g, ''],
  [/\bSomething read it before\. Express: .*$/, 'Give it on stdin, as it came: < body.json'],
  [/\bPass the bytes as they came\. Express: .*$/, 'Pass the bytes as they came.'],
  [/^Express: .*$/, 'Give the body as it came.'],
  [/\bDecode it first: Buffer\..*$/, 'Decode it first, such as by base64 -d.'],
  [/\bLeave scheme out\b/g, 'Leave --scheme out'],
];

/** Words of programs, and what they are here. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /\bCall generate again with the same key and input\b/g,
    'Give the same command again, with the same --key',
  ],
  [
    /\bGive another key, or call forget\(key\) first where\b/g,
    'Give another --key, or forget this one first where',
  ],
  [
    /\bGive the key that generate was given, or that job\.key was\b/g,
    'Give one that "reelwire jobs list" shows',
  ],
  // Of a server that people have in a checkout: here it is any.
  [/ \(npm run dev\)/g, ''],
  [/ (?:of|with) a new VideoClient\b/g, ''],
  [/\bMake a new VideoClient\b/g, 'Start the command again'],
  [/,? or (?:give (?:it )?an|use the same) idempotencyKey(?: where it honours one)?\b/g, ''],
  [/ Where it honours an idempotencyKey, give one from the first try on\./g, ''],
  [/ with the same idempotencyKey\b/g, ' with the same key'],
  [/,? or give a larger timeouts\.\w+(?: \([^)]*\))?/g, ''],
  [/\btimeoutMs\b/g, '--timeout-seconds'],
  [/\buse stream\(\), blob\(\) or bytes\(\)/gi, 'use --output - for stdout'],
  [
    /\bUse save\(\), which can begin again by itself, or stream it again\b/g,
    'Use --output with a path, or read it again',
  ],
  [/; fal's own, bare, goes with fal\([^)]*\)/g, ''],
  [/ by client\.backend\.upload\(file\)/g, ''],
  [/; close\(\) ends only the wait for it\b/g, ''],
  [/, such as job\.id\b/g, ''],
  [/ Or give the option WebSocket a class\./g, ''],
  [/\bout of transports\b/g, 'out of --transports'],
  [/\bGive it with the script, or once to soraGateway\([^)]*\)/g, 'Give --wallet, or REELWIRE_WALLET'],
  [/\bGive it with the input, or once to \w+\([^)]*\)(; client\.backend\.models\(\) lists them)?/g, MODEL],
  [/\bgive it here or to vidBuilder\(.*\) without\b/g, 'give --webhook-url, or REELWIRE_WEBHOOK_URL'],
  [/\bgenerateReels: true/g, '"generateReels": true in --input'],
  [/\bauth: \{[^}]*\}/g, 'REELWIRE_USERNAME and REELWIRE_PASSWORD'],
  [/\bthe auth option\b|(?<=\bCheck )auth\b/g, TOKEN],
  [/\bbaseUrl\b/g, '--base-url'],
  [/\bwebSocketUrl\b/g, '--web-socket-url'],
  [
    /\bGive task: '(\w+)' or task: '(\w+)' as well\b/g,
    'Give "task": "$1" or "task": "$2" in --input as well',
  ],
  [
    /\bCheck that the store can be reached and written\b/g,
    'Check that the folder of the records can be read and written: .reelwire/jobs, or that of --jobs',
  ],
  ...OF_WEBHOOKS,
  // Not "the backend": that is a thing, and no option.
  [/(?<=\b(?:and|or|that|Check) )backend\b/g, '--backend'],
];

/**
 * Hints name the way to go on in a program: here it is a command.
 *
 * @param token - Where the token comes from.
 * @param jobs - The folder with the records of jobs.
 */
export function inShellWords(hint: string, token = TOKEN, jobs?: string): string {
  const ofRecords = hint.replace(RECORD_CALL, (call, method: string, literal: string, id?: string) => {
    try {
      const key = JSON.parse(literal) as string;
      return jobsCommand(method, id === undefined ? [key] : [key, 'JOBID'], jobs);
    } catch {
      return call;
    }
  });
  const told = ofRecords.replace(CALL, (call, method: string, literal: string) => {
    try {
      const jobId = JSON.parse(literal) as string;
      return shellCommand([...runner(), COMMANDS[method] ?? method, jobId]);
    } catch {
      return call; // A server wrote it.
    }
  });
  return WORDS.reduce(
    (text, [pattern, words]) => text.replace(pattern, words === TOKEN ? token : words),
    told.replaceAll('client.diagnose()', shellCommand([...runner(), 'doctor'])),
  );
}

/** A hint where the command that goes on is told besides, with all its flags: then not twice. */
export function withoutResume(hint: string | undefined): string | undefined {
  return hint?.replace(RESUME, '');
}
