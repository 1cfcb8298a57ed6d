import { styleText } from 'node:util';
import { ApiError, isVideoError } from '../index.js';
import { inShellWords, withoutResume } from './hints.js';
import { messageOf } from './messages.js';
import { jsonLine, runner, shellCommand, shorten, visible } from './text.js';

type Style = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

/** Longest part of a server's details that is shown. */
const MAX_DETAILS_LENGTH = 2_000;

/** What is told besides an error. */
interface Told {
  /** The command that goes on is told behind it: not by its hint too. */
  readonly goesOn?: boolean;
  /** Of its record. */
  readonly key?: string | undefined;
}

/** Results go to stdout, all else to stderr; with `--json`, stdout holds one JSON object a line and nothing else. */
export class Output {
  readonly json: boolean;
  /** Bars would be broken up by its lines. */
  logs = false;
  /** Where the token comes from, for hints; undefined before that is known. */
  placeOfToken: string | undefined;
  /** The folder with the records of jobs, for hints; undefined where none are kept. */
  jobs: string | undefined;
  /** Nobody said where the server is: it is where the mock server would be. */
  atMock = false;

  constructor(json = false) {
    this.json = json;
  }

  /** What was asked for. `text` is ours: strangers' words in it have gone through `visible`. */
  result(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** How it goes on. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }

  /** What the client does: told with `--json`, too. */
  log(level: string, message: string): void {
    const line = `${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${visible(message)}`;
    process.stderr.write(`${paint(process.stderr, 'dim', line)}\n`);
  }

  /** For programs. */
  event(event: { readonly type: string; readonly [field: string]: unknown }): void {
    if (this.json) process.stdout.write(`${jsonLine(event)}\n`);
  }

  /** A hint of the client's, in words of the command line. */
  hintOf(hint: string): string;
  hintOf(hint: string | undefined): string | undefined;
  hintOf(hint: string | undefined): string | undefined {
    if (hint === undefined) return undefined;
    const told = inShellWords(hint, this.placeOfToken, this.jobs);
    if (!this.atMock || !/^Check that the server (?:runs|is running)\b/.test(told)) return told;
    return `Start a server, such as by ${shellCommand([...runner(), 'mock'])} in another terminal, or give --base-url.`;
  }

  /** Told to people with `--json` too: whoever redirects stdout still sees why it ended. */
  error(error: unknown, { goesOn = false, key }: Told = {}): void {
    const message = messageOf(error, this.placeOfToken);
    const lines = [`${paint(process.stderr, 'red', 'Error:')} ${visible(message)}`];
    const known = isVideoError(error) ? error : undefined;
    const hint = this.hintOf(known?.hint);
    // With --json nothing comes behind it.
    const shown = goesOn && !this.json ? this.hintOf(withoutResume(known?.hint)) : hint;
    if (shown !== undefined) lines.push(`  ${visible(shown)}`);
    const details = known instanceof ApiError ? known.details : undefined;
    // A message mostly has them, at its end.
    if (details !== undefined && !message.includes(jsonLine(details)))
      lines.push(`  The server said more: ${shorten(jsonLine(details), MAX_DETAILS_LENGTH)}`);
    if (known?.requestId !== undefined) lines.push(`  Request id: ${visible(known.requestId)}`);
    process.stderr.write(`${lines.join('\n')}\n`);
    const { code = 'unexpected', jobId, status, requestId } = known ?? {};
    this.event({ type: 'error', code, message, hint, key, jobId, status, requestId, details });
  }
}

/** Colour where a person looks and wants it: https://no-color.org */
export function paint(stream: NodeJS.WriteStream, style: Style, text: string): string {
  const plain = !isInteractive(stream) || (process.env.NO_COLOR ?? '') !== '';
  return plain ? text : styleText(style, text);
}

/** A terminal that can move its cursor. */
export function isInteractive(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}
