import { dateAt } from '../../core/fields.js';

const DAY_MS = 24 * 3_600_000;

/**
 * A day after an answer, by the clock of the server that gave it: what is not told in its body, and holds for so long
 * from then on. Undefined where the answer has no `Date`.
 */
export function dayAfter(headers: Headers | undefined): Date | undefined {
  const answeredMs = Date.parse(headers?.get('date') ?? '');
  return dateAt(answeredMs + DAY_MS);
}
