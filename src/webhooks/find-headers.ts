import { isComplete } from './headers.js';
import { refused } from './refused.js';
import type { ResolvedScheme } from './secret.js';

/**
 * The headers of a scheme, where they are a list, a Map, have names in any case or several values each. One sent several
 * times is joined by `, `, as `Headers` does it.
 *
 * @throws WebhookVerificationError `missing-header`, which names those that are.
 */
export function findHeaders(headers: unknown, scheme: ResolvedScheme): string[] {
  const values = scheme.headers.map((name) => findHeader(headers, name));
  if (isComplete(values, scheme)) return values;
  throw refused('missing-header', `no header ${scheme.headers.filter((_, i) => !values[i])}`);
}

/** One of them, by its name in lower case; empty where there is none. */
export function findHeader(headers: unknown, name: string): string {
  const given = Object(headers) as Readonly<Record<string, unknown>> & Partial<Iterable<unknown>>;
  try {
    const list = given[Symbol.iterator] ? [...(given as Iterable<unknown>)] : Object.entries(given);
    const flat = Array.isArray(list[0]) ? list.flat() : list;
    return text(flat.filter((_, i) => i % 2 > 0 && text(flat[i - 1]).toLowerCase() === name));
  } catch {
    return '';
  }
}

function text(value: unknown): string {
  const values = Array.isArray(value) ? value.flat() : [value];
  return values
    .filter((each) => typeof each === 'string')
    .join(', ')
    .trim();
}
