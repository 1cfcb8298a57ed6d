import { isRecord } from '../../core/record.js';
import { readRecord } from '../read-record.js';
import type { JobRecord } from '../record.js';
import { admits, keptUntil, merged } from '../rules.js';

/**
 * A record on disk is a log of what was asked for, one line of JSON each, and what holds is what comes of them in their
 * order. Appending is one step to the system, so that two processes need no lock: whoever reads agrees on who was first.
 */
export function logLine(operation: 'add' | 'put', record: JobRecord, at: number): string {
  // Begins a line of its own: the one before may have broken off.
  return `\n${JSON.stringify({ at, [operation]: record })}\n`;
}

/**
 * What the lines come to; undefined where there is no record, or it was kept long enough at `now`. A line that cannot be
 * read was never written to its end, and does not count: its writer has had no answer. Where nothing at all can be
 * read, it is `{ key }`; without it where nobody knows that either.
 */
export function readLog(text: string, key: string | undefined, now: number): unknown {
  let stored: unknown;
  let isDamaged = false;
  for (const line of text.split('\n')) {
    const entry = parse(line);
    if (entry === undefined) {
      isDamaged ||= line.trim() !== '' && stored === undefined;
      continue;
    }
    if (keptUntil(stored) <= entry.at) stored = undefined;
    stored = after(stored, entry);
    if (stored !== undefined) isDamaged = false;
  }
  if (stored === undefined) return isDamaged ? { ...(key !== undefined && { key }) } : undefined;
  return keptUntil(stored) <= now ? undefined : stored;
}

type Entry = { readonly at: number; readonly add?: unknown; readonly put?: unknown };

function after(stored: unknown, { add, put }: Entry): unknown {
  if (add !== undefined) return admits(stored) ? add : stored;
  const next = readRecord(put);
  // A later version of this package knows what it has done.
  return next === undefined ? put : (merged(stored, next) ?? stored);
}

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value) || !Number.isFinite(value.at)) return undefined;
    return isRecord(value.add) || isRecord(value.put) ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}
