import { expect, it, vi } from 'vitest';
import { soraGateway } from '../../../src/backends/sora-gateway.js';
import { parseErrorBody } from '../../../src/core/error-body.js';
import { parseJson } from '../../../src/core/json.js';
import { redactQueries } from '../../../src/core/text.js';
import { namedIn } from '../../../src/http/named-in.js';
import { Secrets } from '../../../src/http/secrets.js';

// What is measured is time of this process, of which a busy machine gives little.
vi.setConfig({ testTimeout: 240_000 });

/** What makes a careless expression try again from each of its places. */
const REPEATS = [
  'http://',
  'https://a?',
  '<',
  '<style',
  '<!--',
  '&#x0',
  '\\',
  '\\u00',
  '%2',
  ' ',
  '.',
  '. ',
  '"',
  '9',
  '9e',
  '[',
  'sk-live/',
  '"id" ',
  '"id":"\\',
];

const secrets = new Secrets();
await secrets.remember(['sk-live/AbCd+efgh']);
const gateway = soraGateway();

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'queries of URLs': redactQueries,
  credentials: (text) => secrets.redact(text),
  'JSON of strangers': (text) => quietly(() => parseJson(text)),
  'numbers in JSON': (text) =>
    quietly(() => parseJson(JSON.stringify({ text, id: 1 }).replace('1}', `${'1'.repeat(20)}}`))),
  'error bodies': (text) =>
    parseErrorBody({ error: text, message: `${text}.`, detail: [{ loc: [text], msg: text }] }),
  frames: (text) => gateway.webSocket?.parse(text),
  'answers that may name a job': (text) => namedIn({ came: { headers: new Headers(), text } }),
  'a submit without an id': (text) =>
    quietly(() => gateway.parseGenerate({ status: 200, headers: new Headers(), body: { x: text } })),
};

function quietly(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** In milliseconds of this process: what others take meanwhile does not count. */
function cost(read: (text: string) => unknown, text: string): number {
  const runs = [0, 0, 0].map(() => {
    const start = process.cpuUsage();
    read(text);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  });
  return Math.min(...runs);
}

/** How many times as much it costs to read a text that is sixteen times as long. */
function growth(read: (text: string) => unknown, repeat: string): number {
  const textOf = (length: number) => repeat.repeat(length / repeat.length);
  return cost(read, textOf(1_024_000)) / Math.max(0.5, cost(read, textOf(64_000)));
}

it.each(Object.entries(READERS))(
  '%s cost in proportion to their length, whatever is repeated in them',
  (_, read) => {
    for (const repeat of REPEATS) {
      // Sixteen times as much may cost sixteen times as much; where each place looks at all the rest, it is 256 times.
      // A busy machine, or the engine's own parser, may make once more of it than it is.
      const seen: number[] = [];
      while (seen.length < 5 && !seen.some((times) => times < 200)) seen.push(growth(read, repeat));
      const engine = growth((text) => quietly(() => JSON.parse(text)), repeat);
      expect(Math.min(...seen), JSON.stringify(repeat)).toBeLessThan(Math.max(200, 2 * engine));
    }
  },
);
